// What a worker would need after it was killed: its leases, their last checkpoints, and what it has made.

import { cidOfBytes } from "@foldmesh/network";
import {
  type CIDText,
  type Contents,
  type Lease,
  type SignedMessage,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { HeldLease } from "../keep/records.ts";

/** A lease that the last run left. */
export interface LeftLease {
  readonly message: SignedMessage<"Lease">;
  readonly held: HeldLease;
  /** the furthest checkpoint made under it */
  readonly checkpoint: Contents["Checkpoint"] | undefined;
}

type Place = Pick<Lease, "job" | "task" | "epoch">;

const idOf = ({ job, task, epoch }: Place): Place => ({ job, task, epoch });
const PREFIX = "lease/";
const ownerOf = ({ job, task, epoch }: Place): string => `${PREFIX}${job}/${task}/${epoch}`;

export class KeptLeases {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  get #rooms(): Context["keep"]["rooms"] {
    return this.#context.keep.rooms;
  }

  async hold({ content, bytes }: SignedMessage<"Lease">, constraints: number): Promise<void> {
    await this.#rooms.leases.put(idOf(content), { lease: bytes, constraints });
  }

  /** The one before the last is dropped: somebody may be fetching the last at this moment. */
  async checkpoint(content: Contents["Checkpoint"], node: Uint8Array): Promise<void> {
    const { network, shelf } = this.#context;
    const { job, task, epoch, done } = content;
    const older = await this.#checkpointsOf(content);
    await shelf.hold(`${ownerOf(content)}/${done.end}`, content.node);
    await network.blobs.add(node);
    await this.#rooms.checkpoints.put({ job, task, end: done.end, node: content.node }, content);
    for (const each of older.filter((one) => one.epoch === epoch).slice(0, -1)) {
      await this.#dropCheckpoint(each);
    }
  }

  /** What was made, before anybody is told. */
  async made(
    { content, bytes: lease }: SignedMessage<"Lease">,
    node: Uint8Array,
  ): Promise<CIDText> {
    const { network, shelf, now } = this.#context;
    const cid = cidOfBytes(node);
    await shelf.hold(ownerOf(content), cid);
    await network.blobs.add(node);
    const before = await this.#rooms.leases.get(idOf(content));
    const delivered = { node: cid, bytes: node.length, at: now() };
    const constraints = before?.constraints ?? 0;
    await this.#rooms.leases.put(idOf(content), { lease, constraints, delivered });
    return cid;
  }

  async drop(place: Place): Promise<void> {
    const { shelf } = this.#context;
    await this.#rooms.leases.remove(idOf(place));
    for (const each of await this.#checkpointsOf(place)) {
      if (each.epoch === place.epoch) await this.#dropCheckpoint(each);
    }
    await shelf.release(ownerOf(place));
  }

  async left(): Promise<readonly LeftLease[]> {
    const left: LeftLease[] = [];
    for await (const [id, held] of this.#rooms.leases.entries()) {
      const message = await openMessage(verifySignature, held.lease, "Lease");
      const made = await this.#checkpointsOf(id);
      const checkpoint = made.findLast(({ epoch }) => epoch === id.epoch);
      left.push({ message, held, checkpoint });
    }
    return left;
  }

  async #checkpointsOf({ job, task }: Place): Promise<readonly Contents["Checkpoint"][]> {
    const found: Contents["Checkpoint"][] = [];
    for await (const [, each] of this.#rooms.checkpoints.entries({ job, task })) found.push(each);
    return found;
  }

  async #dropCheckpoint(content: Contents["Checkpoint"]): Promise<void> {
    const { job, task, done, node } = content;
    await this.#rooms.checkpoints.remove({ job, task, end: done.end, node });
    await this.#context.shelf.release(`${ownerOf(content)}/${done.end}`);
  }
}
