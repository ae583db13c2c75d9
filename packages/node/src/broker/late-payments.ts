// What a broker was to pay when it went away: whoever went on with the job left it to this one, by the job's log.

import type { JobEvent as Told, JobUpdate } from "@foldmesh/client";
import { decodeEntry, decodeInit, replay, settlement } from "@foldmesh/jobs";
import type { Context } from "../context.ts";
import type { KeptJob } from "../journal.ts";
import type { Books } from "./books.ts";
import { nodeOf } from "./settlement.ts";
import { payoutName, payoutOf } from "./update-log.ts";

/** Pays what has not been paid. @returns what the requester is told of it */
export async function payLate(
  { now, emit, network }: Pick<Context, "now" | "emit" | "network">,
  books: Books,
  { job, record: { plan }, entries, updates }: KeptJob,
): Promise<readonly JobUpdate[]> {
  if (plan === undefined) return [];
  const state = replay(decodeInit(plan.init), plan.begun, entries.map(decodeEntry));
  if (state.payer !== network.peer) return []; // whatever others say
  const told = new Set(updates.flatMap(({ event }) => payoutOf(event)).map(([name]) => name));
  const news: JobUpdate[] = [];
  const first = (updates.at(-1)?.sequence ?? -1) + 1;
  for (const effect of settlement(state)) {
    if (effect.kind !== "pay") continue;
    const receipt = await books.pay(job, effect, nodeOf(state, effect.task));
    if (receipt === undefined || told.has(payoutName(effect))) continue;
    const { task, epoch, peer, range, amount } = effect;
    const event: Told = { kind: "paid", task, epoch, peer, range, amount, receipt: receipt.id };
    const update = { sequence: first + news.length, at: now(), event };
    news.push(update);
    emit({ kind: "job", job, update });
  }
  return news;
}
