import type { Money, Time } from "@foldmesh/protocol";
import type { JobEffect } from "./events.ts";
import type { Contribution, LeaseRecord, Task, Verified } from "./task-state.ts";

/** Who proved what if a lease's work is taken up to `end`: those before it, then its holder. */
export function contributionsOf(
  record: LeaseRecord,
  end: number,
  now: Time,
): readonly Contribution[] {
  const { peer, epoch, work, price, granted } = record;
  const range = { start: work.start, end };
  const promisedMs = Math.ceil((record.promisedMs * (end - work.start)) / (work.end - work.start));
  const own = { peer, epoch, range, work, price, promisedMs, takenMs: now - granted };
  return [...(record.resume?.contributions ?? []), own];
}

/** A lease's price for the part that was used, rounded down: all parts of a task together never exceed its budget. */
export function amountOf({ range, work, price }: Contribution): Money {
  return (price * BigInt(range.end - range.start)) / BigInt(work.end - work.start);
}

/** The most that the rest of a task from `start` on may cost. */
export function budgetFrom({ budget, range }: Task, start: number): Money {
  return (budget * BigInt(range.end - start)) / BigInt(range.end - range.start);
}

/** Payments for a verified task. */
export function paymentsFor(task: Task, { contributions }: Verified): readonly JobEffect[] {
  return contributions.map((part) => {
    const { peer, epoch, range, promisedMs, takenMs } = part;
    return {
      kind: "pay",
      task: task.id,
      epoch,
      peer,
      range,
      amount: amountOf(part),
      promisedMs,
      takenMs,
    };
  });
}
