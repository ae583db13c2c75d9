import { expect, test } from "vitest";
import {
  type AuctionAnnouncement,
  type BidCommit,
  type BidReveal,
  type Lease,
  type Lot,
  idOfPayload,
  peerFromPublicKey,
} from "@foldmesh/protocol";
import type { Notice } from "../src/board.ts";
import { WORKER_DEFAULTS } from "../src/config.ts";
import type { Context } from "../src/context.ts";
import { Bidder } from "../src/worker/bidder.ts";
import { type Piece, needsNoSlot } from "../src/worker/chain.ts";
import { Patrons } from "../src/worker/patrons.ts";

const nameOf = (text: string) => idOfPayload(new TextEncoder().encode(text));
const [us, broker] = [1, 2].map((n) => peerFromPublicKey(new Uint8Array(32).fill(n))) as [
  string,
  string,
];
const job = nameOf("job");
const piece = (kind: Piece["kind"], start: number, end: number): Piece => ({
  job,
  kind,
  range: { start, end },
});

const lot = (kind: Lot["kind"], start: number, end: number): Lot => ({
  task: `${kind}:${start}-${end}`,
  kind,
  epoch: 0,
  range: { start, end },
  constraints: 1000,
  reserve: 1_000_000n,
  maxDuration: 60_000,
});

test("what can only be done after what is promised takes no slot of its own", () => {
  const held = [piece("prove", 0, 2), piece("merge", 4, 8)];
  expect(needsNoSlot(piece("merge", 0, 4), held)).toBe(true);
  expect(needsNoSlot(piece("compress", 0, 8), held)).toBe(true);
  expect(needsNoSlot(piece("compress", 4, 8), held)).toBe(true);
  expect(needsNoSlot(piece("merge", 4, 8), held)).toBe(false); // the same work again
  expect(needsNoSlot(piece("prove", 0, 2), held)).toBe(false);
  expect(needsNoSlot(piece("merge", 2, 4), held)).toBe(false);
  expect(needsNoSlot({ ...piece("merge", 0, 4), job: nameOf("another") }, held)).toBe(false);
});

/** A bidder of two slots, and the bids that it opens. */
function bidder(held: Piece[]) {
  const opened: BidReveal[] = [];
  const sealed: string[] = [];
  const clock = { now: 0 };
  const context = {
    roles: ["prover", "aggregator"],
    workerConfig: WORKER_DEFAULTS,
    network: { peer: us },
    watcher: { isConvicted: () => false },
    powers: { keyOf: () => "transparent" },
    board: {
      post: (kind: string, content: unknown) => {
        if (kind === "BidReveal") opened.push(content as BidReveal);
        if (kind === "BidCommit") sealed.push((content as BidCommit).auction);
        return Promise.resolve();
      },
    },
    emit: () => undefined,
    now: () => clock.now,
    keep: { rooms: { bids: { put: () => Promise.resolve() } } },
    stopping: new AbortController().signal,
  } as unknown as Context;
  const desk: ConstructorParameters<typeof Bidder>[2] = {
    patrons: new Patrons(() => clock.now),
    free: () => 2 - held.length,
    held: () => held,
    onBid: () => undefined,
    leaderOf: (_, broker) => broker,
    fits: () => true,
  };
  const speed = { value: 1000, learn: () => undefined };
  const bids = new Bidder(context, speed, desk);
  const tell = (kind: Notice["kind"], content: object, id: string): void =>
    bids.onNotice({ kind, id, sender: broker, content } as unknown as Notice);
  let auctions = 0;
  return {
    bids,
    clock,
    sealed,
    tell,
    /** Announces lots, calls for the bid, and awards those at `won`. @returns the bid */
    auction: (lots: readonly Lot[], won: readonly number[]): BidReveal | undefined => {
      const auction = nameOf(`auction ${auctions++}`);
      const content: Partial<AuctionAnnouncement> = {
        job,
        lots,
        bidders: [{ peer: us, reputation: 0 }],
        commitBy: 400,
        revealBy: 800,
      };
      tell("AuctionAnnouncement", content, auction);
      tell("RevealCall", { auction, commits: "" }, nameOf("call"));
      const awarded = won.map((at) => ({ lot: at, peer: us, price: 1n }));
      tell("Award", { auction, lots: awarded, digest: "" }, nameOf("award"));
      return opened.at(-1);
    },
  };
}

test("a busy prover bids for what stands on its own work, and passes on the rest", () => {
  const held = [piece("prove", 0, 2), piece("prove", 4, 6)];
  const { auction } = bidder(held);
  expect(auction([lot("prove", 2, 4)], [])).toMatchObject({ offers: [], capacity: 0 });
  const chained = auction([lot("merge", 0, 4), lot("merge", 8, 12)], [0]);
  expect(chained?.offers.map((offer) => offer.lot)).toEqual([0]);
  expect(chained?.capacity).toBe(1);
  // and above what it has only been promised
  expect(auction([lot("merge", 0, 8)], [])?.offers).toHaveLength(1);
});

test("what was won ahead keeps its slot when the work below it is done, until it is taken back", () => {
  const held = [piece("prove", 0, 2), piece("prove", 4, 6)];
  const { auction, bids } = bidder(held);
  auction([lot("merge", 0, 4)], [0]);
  held.shift();
  expect(auction([lot("prove", 6, 8)], [])).toMatchObject({ offers: [], capacity: 0 });
  bids.release({ job, task: "merge:0-4", epoch: 0 }, broker);
  expect(auction([lot("prove", 6, 8)], [])).toMatchObject({ capacity: 1 });
  expect(auction([lot("merge", 4, 8), lot("prove", 2, 4)], [])?.offers).toHaveLength(2);
});

const announced = (lots: readonly Lot[], commitBy: number, revealBy: number) => {
  const bidders = [{ peer: us, reputation: 0 }];
  return { job, program: nameOf("program"), lots, bidders, commitBy, revealBy };
};

test("an announcement that is told again, however late, gets no second bid: two would be evidence", () => {
  const { tell, sealed, clock } = bidder([]);
  const content = announced([lot("prove", 0, 2)], 400, 800);
  const again = (): void => tell("AuctionAnnouncement", content, nameOf("auction"));
  for (clock.now = 0; clock.now < 1_500_000; clock.now += 50_000) {
    again();
    tell("AuctionAnnouncement", announced([], clock.now, clock.now + 800), nameOf(`${clock.now}`));
  }
  expect(sealed.filter((each) => each === nameOf("auction"))).toHaveLength(1);
});

test("an auction of years, or of another day, takes no slot", () => {
  const { tell, sealed, auction } = bidder([]);
  tell("AuctionAnnouncement", announced([lot("prove", 0, 2)], 0, 10 ** 12), nameOf("years"));
  tell(
    "AuctionAnnouncement",
    announced([lot("prove", 0, 2)], 10 ** 12, 10 ** 12 + 1),
    nameOf("day"),
  );
  expect(sealed).toEqual([]);
  expect(auction([lot("prove", 4, 6)], [])).toMatchObject({ capacity: 2 });
});

test("a lease is of the lot that was bid for, or of nothing", () => {
  const { tell, bids } = bidder([]);
  tell("AuctionAnnouncement", announced([lot("prove", 2, 4)], 400, 800), nameOf("auction"));
  const lease = (change: Partial<Lease>): Lease =>
    ({
      job,
      task: "prove:2-4",
      kind: "prove",
      epoch: 0,
      range: { start: 2, end: 4 },
      program: nameOf("program"),
      price: 1_000_000n,
      ...change,
    }) as Lease;
  const done = { start: 0, end: 2 };
  const resume = { done, node: nameOf("node"), bytes: 1, holders: [us] };
  expect(bids.take(lease({ range: { start: 2, end: 400 } }), broker)).toBeUndefined();
  expect(bids.take(lease({ range: { start: 0, end: 4 } }), broker)).toBeUndefined();
  expect(bids.take(lease({ kind: "merge" }), broker)).toBeUndefined();
  expect(bids.take(lease({ program: nameOf("larger") }), broker)).toBeUndefined();
  expect(bids.take(lease({ price: 0n }), broker)).toBeUndefined();
  expect(bids.take(lease({ range: { start: 0, end: 4 }, resume }), broker)).toBeDefined();
});

test("a lot that was announced twice is taken by one lease: no slot waits for it any more", () => {
  const { auction, bids } = bidder([]);
  auction([lot("prove", 0, 2)], []);
  auction([lot("prove", 0, 2)], [0]);
  expect(auction([lot("prove", 2, 4)], [])).toMatchObject({ capacity: 1 });
  const { task, kind, epoch, range } = lot("prove", 0, 2);
  const lease = { job, task, kind, epoch, range, price: 1_000_000n };
  expect(bids.take(lease as Lease, broker)).toBeDefined();
  expect(auction([lot("prove", 4, 6)], [])).toMatchObject({ capacity: 2 });
});

test("a broker whose awards come to nothing is left alone for longer and longer", () => {
  const { auction, clock, bids, sealed } = bidder([]);
  const isAnswered = (won: readonly number[]): boolean => {
    const before = sealed.length;
    auction([lot("prove", 0, 2)], won);
    return sealed.length > before;
  };
  const rests: number[] = [];
  for (let i = 0; i < 4; i++) {
    isAnswered([0]); // won, and no lease comes
    for (clock.now += 16_000; !isAnswered([]); clock.now += 1000) rests[i] = (rests[i] ?? 0) + 1;
  }
  expect(rests).toEqual([5, 10, 20, 40]);
  isAnswered([0]);
  bids.release({ job, task: "prove:0-2", epoch: 0 }, broker);
  clock.now += 16_000;
  expect(isAnswered([])).toBe(true); // taken back is another matter
});

test("a broker that does not pay gets no more bids until it does, however often it asks", () => {
  let now = 0;
  const patrons = new Patrons(() => now);
  const work = (n: number, deadline: number): void => {
    patrons.onLease(`lease ${n}`, broker);
    patrons.onDelivered(`lease ${n}`, deadline);
  };
  for (let n = 0; n < 9; n++) work(n, 10_000);
  expect(patrons.deserves(broker)).toBe(true); // the job is not over
  now = 100_000;
  expect(patrons.deserves(broker)).toBe(false);
  expect(patrons.deserves(us)).toBe(true);
  expect(patrons.brokerOf("lease 0")).toBe(broker);
  patrons.onReceipt("lease 0");
  expect(patrons.brokerOf("lease 0")).toBeUndefined();
  expect(patrons.deserves(broker)).toBe(true);
  for (let n = 10; n < 30; n++) work(n, now);
  for (let n = 10; n < 20; n++) patrons.onReceipt(`lease ${n}`); // as many are owed as were paid before
  now += 100_000;
  expect(patrons.deserves(broker)).toBe(false);
  const answers = Array.from({ length: 200 }, () => patrons.deserves(us));
  expect(answers.filter(Boolean).length).toBeLessThan(100);
});
