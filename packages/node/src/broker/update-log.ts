import { type JobEvent, type JobUpdate, MAX_UPDATES, WATCH, jobUpdate } from "@foldmesh/client";
import { type Money, type PeerId, type Time, encodeCanonical } from "@foldmesh/protocol";

/** Everything a job's client is told, kept so that it can be asked for again from any point. */
export interface UpdateLog {
  /**
   * @param write writes it down; the client is told after that, so that a restarted broker never takes anything back
   * @returns the update as it was numbered
   */
  add(event: JobEvent, write: (update: JobUpdate) => Promise<void>): JobUpdate;
  /** What fits into a reply of the updates from a sequence number on; waits for the first one as long as it is asked to. */
  from(sequence: number, waitMs: number, signal: AbortSignal): Promise<JobUpdate[]>;
  /** Whether nothing follows after this many updates. */
  isOver(sequence: number): boolean;
  /** What was told so far. */
  all(): readonly JobUpdate[];
}

/** @param past what was told before this start @param first the least number of what is told from now on */
export function createUpdateLog(
  now: () => Time,
  past: readonly JobUpdate[] = [],
  first = 0,
): UpdateLog {
  const updates = [...past];
  const waiting = new Set<() => void>();
  let next = Math.max(first, nextAfter(past));
  let shown: Promise<void> = Promise.resolve();
  const rest = (sequence: number): JobUpdate[] =>
    updates.slice(updates.findLastIndex((each) => each.sequence < sequence) + 1);
  return {
    add(event, write) {
      const update = { sequence: next++, at: now(), event };
      const show = (): void => {
        updates.push(update);
        waiting.forEach((wake) => wake());
      };
      // what cannot be written is told all the same: the job is given up for it
      const written = write(update).catch(() => undefined);
      shown = shown.then(() => written).then(show);
      return update;
    },
    async from(sequence, waitMs, signal) {
      if (rest(sequence).length === 0 && !endsAt(updates)) await wait(waiting, waitMs, signal);
      return fitting(rest(sequence));
    },
    isOver: (sequence) => rest(sequence).length === 0 && endsAt(updates),
    all: () => updates,
  };
}

/** Of a reply, beside its updates. */
const FRAME = 256;

/** At least one: an auction of many lots takes kilobytes, and of 256 such updates none would arrive. */
function fitting(updates: readonly JobUpdate[]): JobUpdate[] {
  let room = WATCH.replyLimit - FRAME;
  const rest = updates.slice(0, MAX_UPDATES);
  const first = rest.findIndex((update, i) => {
    room -= encodeCanonical(jobUpdate, update).length;
    return room < 0 && i > 0;
  });
  return first < 0 ? rest : rest.slice(0, first);
}

const nextAfter = (updates: readonly JobUpdate[]): number => (updates.at(-1)?.sequence ?? -1) + 1;

const endsAt = (updates: readonly JobUpdate[]): boolean =>
  ["done", "failed"].includes(updates.at(-1)?.event.kind ?? "");

/** Until there is news, the time is over, or nobody waits any more. */
function wait(waiting: Set<() => void>, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  waiting.add(resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    waiting.delete(resolve);
  });
}

/** What a client was told of a payment: which one, and the amount. */
export const payoutOf = (event: JobEvent): readonly (readonly [string, Money])[] =>
  event.kind === "paid" || event.kind === "owed" ? [[payoutName(event), event.amount]] : [];

/** Of the one payment that a lease can come to, as receipts are kept. */
export const payoutName = (of: { task: string; epoch: number; peer: PeerId }): string =>
  `${of.task}/${of.epoch}/${of.peer}`;
