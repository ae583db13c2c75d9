// Checkpoints of a job's shards, as its broker keeps them: a prover that dies takes nothing along.

import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEvent, JobState, Resume } from "@foldmesh/jobs";
import type { CIDText, SignedMessage } from "@foldmesh/protocol";
import type { BlobShelf } from "../blob-shelf.ts";
import type { Examiner } from "./examiner.ts";
import type { Court } from "./judge.ts";
import type { Leases } from "./leases.ts";

export interface BackupInit {
  readonly shelf: BlobShelf;
  /** of the job's blobs; each checkpoint has an owner below it */
  readonly owner: string;
  readonly own: (cid: CIDText, owner: string) => Promise<CIDText>;
  readonly state: () => JobState | undefined;
  readonly court: () => Promise<Court>;
  readonly leases: Pick<Leases, "isHeld">;
  readonly examiner: Pick<Examiner, "read">;
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => Promise<void>;
  readonly complain: (error: unknown) => void;
}

type Checkpoint = SignedMessage<"Checkpoint">;

/** Of every lease the last that was accepted, and the one that it began with: what a holder may make the broker keep is bounded. */
export class Backups {
  readonly #init: BackupInit;
  /** by lease: the next to be fetched after the one that is */
  readonly #next = new Map<string, Checkpoint | undefined>();
  readonly #fetching = new Set<CIDText>();

  constructor(init: BackupInit) {
    this.#init = init;
  }

  /** Never rejects. Of those that come while one of the same lease is fetched only the last counts. */
  async take(message: Checkpoint): Promise<void> {
    const { task, epoch } = message.content;
    const lease = `${task}/${epoch}`;
    const isBusy = this.#next.has(lease);
    this.#next.set(lease, message);
    if (isBusy) return;
    for (let next; (next = this.#next.get(lease)) !== undefined;) {
      this.#next.set(lease, undefined);
      await this.#keep(next).catch(this.#init.complain);
    }
    this.#next.delete(lease);
  }

  async #keep(message: Checkpoint): Promise<void> {
    const { own, owner, court, leases } = this.#init;
    const { session } = await court();
    const { sender: peer, content } = message;
    const { task, epoch, node, bytes } = content;
    if (bytes !== session.nodeBytes || !leases.isHeld({ task, epoch, peer })) return;
    this.#fetching.add(node);
    try {
      await own(node, ownerOfCheckpoint(owner, node));
      await this.#accept(message);
    } finally {
      this.#fetching.delete(node);
      await this.#dropOld();
    }
  }

  async #accept({ sender: peer, content }: Checkpoint): Promise<void> {
    const { examiner, tell, feed } = this.#init;
    const { task, epoch, done, node, bytes } = content;
    const court = await this.#init.court();
    const { network, signal } = court;
    await network.blobs.download(node, { from: [peer], maxBytes: bytes, signal });
    const failures = await examiner.read(court, peer, content);
    if (failures.length > 0) {
      return tell({ kind: "rejected", task, epoch, peer, failures: [...failures] });
    }
    const from = { task, epoch, peer };
    const holders = [network.peer, peer];
    await feed({ kind: "checkpointed", ...from, done: done.end, node, bytes, holders });
  }

  async #dropOld(): Promise<void> {
    const { shelf, owner, state } = this.#init;
    const kept = checkpointsOf(state()).map(({ node }) => node);
    await dropCheckpoints(shelf, owner, [...kept, ...this.#fetching]);
  }
}

/** Of a job's checkpoints those that somebody may go on from, or has gone on from: it tells whose work a node is. */
export function checkpointsOf(state: JobState | undefined): readonly Resume[] {
  const { tasks = [] } = state ?? {};
  return tasks.flatMap(({ leases, checkpoints }) => [
    ...leases.flatMap(({ resume }) => resume ?? []),
    ...checkpoints,
  ]);
}

/** @param owner of the job's blobs @param but those of these nodes */
export async function dropCheckpoints(
  shelf: BlobShelf,
  owner: string,
  but: readonly CIDText[],
): Promise<void> {
  const wanted = new Set(but.map((node) => ownerOfCheckpoint(owner, node)));
  const held = shelf.owners().filter((each) => each.startsWith(ownerOfCheckpoint(owner, "")));
  for (const each of held) if (!wanted.has(each)) await shelf.release(each);
}

export const ownerOfCheckpoint = (owner: string, node: string): string => `${owner}/at/${node}`;
