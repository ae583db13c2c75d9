// A job's log at one who may come to lead it: fetched from whoever leads, looked at before it is kept, and what it names with it.

import { MAX_BUNDLE_BYTES } from "@foldmesh/client";
import {
  type JobState,
  type LogEntry,
  createJob,
  decodeEntry,
  decodeInit,
  step,
} from "@foldmesh/jobs";
import { RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  type PeerId,
  type SignedMessage,
  decodeCanonical,
  encodeCanonical,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import { candidatesOf, isOrderOf, openSigned } from "../candidates.ts";
import type { Context } from "../context.ts";
import type { JobRecord } from "../keep/records.ts";
import { LOG, type LogItem, type LogPage, MAX_ENTRIES, logPage, logRequest } from "../methods.ts";
import { MAX_INPUT_BYTES } from "./accept.ts";
import { checkpointsOf, dropCheckpoints, ownerOfCheckpoint } from "./backups.ts";
import { ownerOf } from "./job-runner.ts";

/** One page of a log, for another candidate. */
export async function pageOf({ keep }: Context, job: CIDText, from: number): Promise<Uint8Array> {
  const { jobs, jobEvents, deliveries } = keep.rooms;
  const items: LogItem[] = [];
  for await (const { event: entry } of jobEvents.read(job, from)) {
    const { event } = decodeEntry(entry);
    const { kind } = event;
    const delivery = kind === "delivered" ? await deliveries.get({ job, ...event }) : undefined;
    items.push({ entry, ...(delivery && { delivery }) });
    if (items.length === MAX_ENTRIES) break;
  }
  const record = from === 0 ? await jobs.get(job) : undefined;
  return encodeCanonical(logPage, { items, ...(record && { record }) });
}

export class Following {
  readonly #context: Context;
  readonly #job: CIDText;
  /** what the log comes to */
  #state: JobState | undefined;

  constructor(context: Context, job: CIDText) {
    this.#context = context;
    this.#job = job;
  }

  /**
   * Takes a log from an entry on, in place of what was here from there on.
   * @returns its length
   * @throws RequestRefused LOG when it cannot be this job's; NetworkError, ProtocolError
   */
  async copy(from: PeerId, term: number, start: number, signal: AbortSignal): Promise<number> {
    const { keep, journal } = this.#context;
    const { record, items } = await this.#fetch(from, start, signal);
    const deliveries = await this.#deliveriesOf(items);
    const entries = items.map(({ entry }) => decodeEntry(entry));
    if (start === 0) await this.#check(from, record);
    await this.#checkPayer(entries);
    const before = start === 0 ? beginningOf(record!) : await this.#current();
    this.#state = await run(before, entries);
    signal.throwIfAborted(); // somebody else leads by now, perhaps this node
    const { terms, deliveries: room } = keep.rooms;
    await journal.copy(this.#job, {
      start,
      record,
      entries: items.map(({ entry }) => entry),
      more: [
        terms.putting(this.#job, { term, logTerm: term }),
        ...deliveries.map(({ content, sender, bytes }) =>
          room.putting({ ...content, peer: sender }, bytes),
        ),
      ],
    });
    return start + entries.length;
  }

  /** Until what is needed to go on from the log is here: the leader has it, or who made it. */
  async hold(from: PeerId, signal: AbortSignal): Promise<void> {
    const { network, shelf, keep } = this.#context;
    const { request, order } = await openSigned((await keep.rooms.jobs.get(this.#job))!);
    const { program, input } = request.content;
    const needed: Needed[] = [
      { cid: program, bytes: MAX_BUNDLE_BYTES, makers: [request.sender] },
      { cid: input.blob, bytes: MAX_INPUT_BYTES, makers: [request.sender] },
      ...neededBy(await this.#current()),
    ];
    await shelf.hold(ownerOf(this.#job), ...needed.map(({ cid }) => cid));
    await this.#fetchAll(needed, from, signal);
    const next = candidatesOf(order).find((peer) => peer !== from);
    if (next === network.peer) await this.#backUp(from, signal);
  }

  /** The next in line is a second place for checkpoints: it keeps them if it has room, and nobody waits for it. */
  async #backUp(from: PeerId, signal: AbortSignal): Promise<void> {
    const { shelf } = this.#context;
    const owner = ownerOf(this.#job);
    const wanted = checkpointsOf(await this.#current());
    await dropCheckpoints(
      shelf,
      owner,
      wanted.map(({ node }) => node),
    );
    const fitting = wanted.filter(({ bytes }) => shelf.room() > LEAST_NODES * bytes);
    for (const { node } of fitting) await shelf.hold(ownerOfCheckpoint(owner, node), node);
    const needed = fitting.map(({ node: cid, bytes, holders: makers }) => ({ cid, bytes, makers }));
    this.#fetchAll(needed, from, signal).catch(() => undefined); // it is tried again with the next entry
  }

  async #fetchAll(needed: readonly Needed[], from: PeerId, signal: AbortSignal): Promise<void> {
    const { network, shelf } = this.#context;
    for (const { cid, bytes, makers } of needed) {
      if ((await shelf.size(cid)) !== undefined) continue;
      await network.blobs.download(cid, { from: [from, ...makers], maxBytes: bytes, signal });
    }
  }

  async #fetch(from: PeerId, start: number, signal: AbortSignal): Promise<LogPage> {
    const items: LogItem[] = [];
    let record: JobRecord | undefined;
    for (;;) {
      const request = encodeCanonical(logRequest, { job: this.#job, from: start + items.length });
      const reply = await this.#context.network.call(from, LOG, request, { signal });
      const page = decodeCanonical(logPage, reply, "log page");
      record ??= page.record;
      items.push(...page.items);
      if (page.items.length < MAX_ENTRIES) return { items, ...(record && { record }) };
      if (items.length > MAX_ENTRIES_IN_ALL) throw this.#refusal("is too long");
    }
  }

  /** That the requester ordered this very job there, and this node is named to follow it. */
  async #check(from: PeerId, record: JobRecord | undefined): Promise<void> {
    if (record?.result.kind !== "running") throw this.#refusal("is not a running job's");
    const signed = await openSigned(record);
    if (!isOrderOf(this.#job, signed)) throw this.#refusal("is another job's");
    const candidates = candidatesOf(signed.order);
    const { peer } = this.#context.network;
    const isNamed = [from, peer].every((each) => candidates.includes(each));
    if (!isNamed || new Set(candidates).size < candidates.length)
      throw this.#refusal("is of other candidates");
    const { stepsPerLeaf, leaves } = record.size;
    if (leaves * stepsPerLeaf !== signed.request.content.steps)
      throw this.#refusal("is of leaves of another size");
  }

  /** That this broker is to pay it knows best itself. */
  async #checkPayer(entries: readonly LogEntry[]): Promise<void> {
    const { peer } = this.#context.network;
    const isNamed = entries.some(({ event }) => event.kind === "settling" && event.payer === peer);
    if (isNamed && (await this.#current())?.payer !== peer)
      throw this.#refusal("names a payer who has not said so");
  }

  async #deliveriesOf(items: readonly LogItem[]): Promise<readonly SignedMessage<"Delivery">[]> {
    const found: SignedMessage<"Delivery">[] = [];
    for (const { entry, delivery } of items) {
      if (delivery === undefined) continue;
      const { event } = decodeEntry(entry);
      const message = await openMessage(verifySignature, delivery, "Delivery");
      const { job, task, epoch, node } = message.content;
      const isOfEntry =
        event.kind === "delivered" &&
        job === this.#job &&
        [task, epoch, node, message.sender].join() ===
          [event.task, event.epoch, event.node, event.peer].join();
      if (!isOfEntry) throw this.#refusal("has a delivery that is another's");
      found.push(message);
    }
    return found;
  }

  async #current(): Promise<JobState | undefined> {
    if (this.#state !== undefined) return this.#state;
    const kept = await this.#context.journal.one(this.#job);
    this.#state = kept && (await run(beginningOf(kept.record), kept.entries.map(decodeEntry)));
    return this.#state;
  }

  #refusal(what: string): RequestRefused {
    return new RequestRefused("LOG", `the log of job ${this.#job} ${what}`);
  }
}

/** Of the size of a checkpoint, for which room must be left where somebody else's is kept. */
const LEAST_NODES = 64;

/** Entries of one job, more than any comes to. */
const MAX_ENTRIES_IN_ALL = 100_000;

interface Needed {
  readonly cid: CIDText;
  readonly bytes: number;
  readonly makers: readonly PeerId[];
}

/** Nodes that something is still to be made of: without them nobody can go on. */
function neededBy(state: JobState | undefined): readonly Needed[] {
  if (state === undefined) return [];
  const { phase, tasks } = state;
  if (phase.kind === "Done") return [{ cid: phase.root, bytes: phase.bytes, makers: [] }];
  const used = new Set(
    tasks.flatMap((task) => (task.state.kind === "Verified" ? [] : task.inputs)),
  );
  return tasks.flatMap(({ id, state: made }): Needed[] =>
    made.kind === "Verified" && used.has(id)
      ? [{ cid: made.node, bytes: made.bytes, makers: [made.peer] }]
      : [],
  );
}

/** Steps at once: the log is another's, and others are to be answered meanwhile. */
const STRIDE = 64;

async function run(
  before: JobState | undefined,
  entries: readonly LogEntry[],
): Promise<JobState | undefined> {
  let state = before;
  for (const [i, { event, at }] of entries.entries()) {
    if (i % STRIDE === STRIDE - 1) await new Promise((resolve) => setImmediate(resolve));
    state = state && step(state, event, at).state;
  }
  return state;
}

const beginningOf = ({ plan }: JobRecord): JobState | undefined =>
  plan && createJob(decodeInit(plan.init), plan.begun).state;
