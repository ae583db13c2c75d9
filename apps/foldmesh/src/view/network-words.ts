// Sentences about a job on the network.
import type { JobEvent } from "@foldmesh/client";
import { count, duration } from "../io/terminal.ts";
import type { RemoteEvent } from "../remote/events.ts";

export type Naming = (peer: string) => string;

/** The end of a peer's id or a job's name, which tells them apart; all begin alike. */
export const shortName: Naming = (name) => `…${name.slice(-8)}`;

/** "prove:3" with its range: "shard [4, 8)". */
export function workName(task: string, range: { start: number; end: number }): string {
  if (task.startsWith("compress")) return "compression";
  const where = `[${range.start}, ${range.end})`;
  return task.startsWith("merge") ? `merge ${where}` : `shard ${where}`;
}

/** Micro-units as they are counted. */
export const price = (amount: bigint): string => `${amount.toLocaleString("en")} µ`;

/** What a broker thinks of somebody. @param reputation 0 to 1,000,000 */
export function standingOf({ reputation, convicted }: Standing): string {
  const share = `reputation ${Math.round(reputation / 10_000)} %`;
  return convicted ? `${share}, convicted of cheating` : share;
}

interface Standing {
  readonly reputation: number;
  readonly convicted: boolean;
}

/** One line, or null where nothing is worth one. */
export function lineOfRemote(event: RemoteEvent, name: Naming): string | null {
  switch (event.kind) {
    case "waiting":
      return `no broker answers: trying again for ${duration(event.ms)}`;
    case "connected":
      return `broker: ${name(event.broker)}`;
    case "quoted": {
      const { leaves, constraints, typical, provers } = event.quote;
      const work = `${count(leaves, "leaf", "leaves")}, ${(constraints / 1e6).toFixed(1)} million constraints`;
      const offer =
        provers === 0
          ? "nobody offers yet"
          : `about ${price(typical)} from ${count(provers, "peer")}`;
      return `quote: ${work}; ${offer}; price cap ${price(event.maxPrice)}`;
    }
    case "ordered":
      return `order: ${event.order.job}${standbysOf(event.order.standbys.map(name))}`;
    case "update":
      return lineOfJob(event.update.event, name);
    case "checking":
      return `proof fetched, ${event.bytes.toLocaleString("en")} bytes: verifying it here`;
    case "checked":
      return `${event.ok ? "valid" : "NOT VALID"}, verified in ${duration(event.ms)}`;
  }
}

const standbysOf = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` (standing by: ${names.join(", ")})`;

function lineOfJob(event: JobEvent, name: Naming): string | null {
  switch (event.kind) {
    case "accepted":
    case "executed":
    case "progress":
    case "checkpoint":
      return null;
    case "taken-over":
      return `the broker stayed away: ${name(event.broker)} goes on with its job`;
    case "planned":
      return `plan: ${count(event.shards.length, "shard")} of ${event.shards.map(({ start, end }) => end - start).join(", ")} leaves`;
    case "auction-opened":
      return auctionLine(event);
    case "auction-closed":
      if (event.sold.length === 0) return "sold: nothing in this round";
      return `sold: ${event.sold.map((sale) => `${sale.task} to ${name(sale.peer)} for ${price(sale.price)}`).join(", ")}`;
    case "leased":
      return `${name(event.peer)} works on ${workName(event.task, event.range)} for ${price(event.price)}`;
    case "delivered":
      return null;
    case "verified":
      return `${name(event.peer)} delivered ${workName(event.task, event.range)}: verified in ${duration(event.ms)}`;
    case "rejected":
      return `${name(event.peer)} delivered a bad ${event.task}: ${event.failures.join(", ")}`;
    case "blamed":
      return `${name(event.peer)} lost ${event.task}: ${event.reason}`;
    case "paid":
      return `paid ${price(event.amount)} to ${name(event.peer)} for ${workName(event.task, event.range)}`;
    case "owed":
      return `${price(event.amount)} to ${name(event.peer)} for ${workName(event.task, event.range)} is paid by the broker before`;
    case "done":
      return `done: paid ${price(event.paid)} in all`;
    case "failed": // the command ends with this very sentence
      return null;
  }
}

function auctionLine({ lots, bidders }: Extract<JobEvent, { kind: "auction-opened" }>): string {
  const kinds = [...new Set(lots.map(({ work }) => work))].join(" and ");
  const reserve = lots.reduce((most, lot) => (lot.reserve > most ? lot.reserve : most), 0n);
  return `auction: ${count(lots.length, "lot")} to ${kinds}, up to ${price(reserve)} each, ${count(bidders, "bidder")} admitted`;
}
