import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEvent } from "@foldmesh/jobs";
import type { SoldLot } from "@foldmesh/market";
import type { AuctionAnnouncement, CIDText } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";
import { Auctions } from "./auctions.ts";
import type { Books } from "./books.ts";
import type { Roster } from "./roster.ts";

export interface SalesInit {
  readonly context: Context;
  readonly roster: Roster;
  readonly books: Books;
  readonly accepted: Accepted;
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => void;
  readonly term: () => number;
}

/** The auctions of one job, which tell its client and its machine how they go. */
export function openSales(init: SalesInit): Auctions {
  const { context, roster, books, accepted, tell, feed, term } = init;
  const { job, request } = accepted;
  return new Auctions({
    context,
    roster,
    job,
    request,
    term,
    onOpened: (auction, announcement) => tell(openedUpdate(auction, announcement)),
    onSold(auction, sold) {
      tell(closedUpdate(auction, sold));
      for (const { task, epoch, peer, price, duration } of sold) {
        feed({ kind: "awarded", task, epoch, peer, price, duration });
      }
    },
    onUnsold: (lots) => lots.forEach((lot) => feed({ kind: "unsold", ...lot })),
    onFault: (peer, fault) => books.blameBidder(peer, fault),
  });
}

const openedUpdate = (auction: CIDText, { lots, bidders }: AuctionAnnouncement): Told => ({
  kind: "auction-opened",
  auction,
  lots: lots.map(({ task, kind, range, reserve }) => ({ task, work: kind, range, reserve })),
  bidders: bidders.length,
});

const closedUpdate = (auction: CIDText, sold: readonly SoldLot[]): Told => ({
  kind: "auction-closed",
  auction,
  sold: sold.map(({ task, peer, price, duration }) => ({ task, peer, price, duration })),
});
