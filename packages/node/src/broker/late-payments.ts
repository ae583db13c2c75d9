// What a job's end comes to at a broker that did not lead it then. It may be the one that was to pay when it went away, which whoever
// went on left to it; and a dApp that asks here hears of all payments.

import type { JobEvent as Told, JobUpdate } from "@foldmesh/client";
import { decodeEntry, decodeInit, replay, settlement } from "@foldmesh/jobs";
import type { Context } from "../context.ts";
import type { KeptJob } from "../journal.ts";
import type { Books } from "./books.ts";
import { payerOf } from "./requests.ts";
import { nodeOf } from "./settlement.ts";
import { payoutName, payoutOf } from "./update-log.ts";

/**
 * Pays what this broker is to pay, by its own log and by who tells of the end.
 * @param last what the requester is told last
 * @returns what it is told of payments before that
 */
export async function lastPayments(
  { now, emit, network }: Pick<Context, "now" | "emit" | "network">,
  books: Books,
  { job, record: { plan }, entries, updates }: KeptJob,
  last: JobUpdate,
): Promise<readonly JobUpdate[]> {
  if (plan === undefined) return [];
  const state = replay(decodeInit(plan.init), plan.begun, entries.map(decodeEntry));
  const isOurs = state.payer === network.peer;
  if (state.payer === undefined || (isOurs && payerOf(last) !== state.payer)) return [];
  const told = new Set(updates.flatMap(({ event }) => payoutOf(event)).map(([name]) => name));
  const effects = settlement(state).flatMap((effect) =>
    effect.kind === "pay" && !told.has(payoutName(effect)) ? [effect] : [],
  );
  const news: JobUpdate[] = [];
  for (const [i, effect] of effects.entries()) {
    const { task, epoch, peer, range, amount } = effect;
    const part = { task, epoch, peer, range, amount };
    const receipt = isOurs ? await books.pay(job, effect, nodeOf(state, task)) : undefined;
    if (isOurs && receipt === undefined) continue;
    const event: Told = receipt
      ? { kind: "paid", ...part, receipt: receipt.id }
      : { kind: "owed", ...part };
    const update = { sequence: last.sequence - effects.length + i, at: now(), event }; // as its leader counts them
    news.push(update);
    if (isOurs) emit({ kind: "job", job, update });
  }
  return news;
}
