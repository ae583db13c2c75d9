import type { JobEvent, JobUpdate } from "@foldmesh/client";
import type { Time } from "@foldmesh/protocol";

/** Everything a job's client is told, kept so that it can be asked for again from any point. */
export interface UpdateLog {
  /** @returns the update as it was numbered */
  add(event: JobEvent): JobUpdate;
  /** Up to `limit` updates from a sequence number on; waits for the first one as long as it is asked to. */
  from(sequence: number, limit: number, waitMs: number, signal: AbortSignal): Promise<JobUpdate[]>;
  /** Whether nothing follows after this many updates. */
  isOver(sequence: number): boolean;
}

export function createUpdateLog(now: () => Time): UpdateLog {
  const updates: JobUpdate[] = [];
  const waiting = new Set<() => void>();
  return {
    add(event) {
      const update = { sequence: updates.length, at: now(), event };
      updates.push(update);
      waiting.forEach((wake) => wake());
      return update;
    },
    async from(sequence, limit, waitMs, signal) {
      if (sequence >= updates.length && !endsAt(updates)) await wait(waiting, waitMs, signal);
      return updates.slice(sequence, sequence + limit);
    },
    isOver: (sequence) => sequence >= updates.length && endsAt(updates),
  };
}

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
