import { signerOf, signMessage, verifySignature } from "@foldmesh/protocol";
import type { Award, BidReveal, Evidence } from "@foldmesh/protocol";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { describe, expect, test } from "vitest";
import {
  createWatch,
  checkWrongAward,
  commitmentOf,
  decideAward,
  sealBid,
  stepBid,
  truthfulBid,
  verifyAward,
  wrongAward,
} from "../src/index.ts";
import { announcementOf, cidOf, lotOf, peerOf, saltOf, unsigned } from "./helpers.ts";

const newSigner = async () => signerOf(await generateKeyPair("Ed25519"));
const [broker, ann, ben] = await Promise.all([newSigner(), newSigner(), newSigner()]);

const announcement = await signMessage(
  broker,
  "AuctionAnnouncement",
  announcementOf(
    [lotOf(0, 100n)],
    [ann, ben].map(({ peer }) => ({ peer, reputation: 0 })),
  ),
);
const auction = announcement.id;
const bid = (price: bigint, salt: string): BidReveal => ({
  auction,
  offers: [{ lot: 0, price, duration: 10 }],
  capacity: 1,
  salt: saltOf(salt),
});
const reveals = [
  await signMessage(ann, "BidReveal", bid(50n, "ann")),
  await signMessage(ben, "BidReveal", bid(60n, "ben")),
];
const honest = decideAward(auction, announcement.content, reveals);
const favour: Award = { ...honest, lots: [{ lot: 0, peer: ben.peer, price: 100n }] };

describe("an award", () => {
  test("that follows from the reveals is right, in whatever order they were seen", async () => {
    const award = await signMessage(broker, "Award", honest);
    expect(honest.lots).toEqual([{ lot: 0, peer: ann.peer, price: 60n }]);
    expect(verifyAward(announcement, reveals.toReversed(), award)).toEqual({ kind: "right" });
  });

  test("cannot be judged by who saw other reveals", async () => {
    const award = await signMessage(broker, "Award", favour);
    expect(verifyAward(announcement, reveals.slice(1), award)).toEqual({ kind: "other-reveals" });
  });

  test("that favours another is evidence against the broker, checked offline", async () => {
    const award = await signMessage(broker, "Award", favour);
    expect(verifyAward(announcement, reveals, award)).toEqual({ kind: "wrong", expected: honest });
    const evidence = wrongAward(announcement, reveals, award);
    await expect(checkWrongAward(verifySignature, evidence)).resolves.toBeUndefined();
  });

  test("is not made to look wrong", async () => {
    const right = await signMessage(broker, "Award", honest);
    const wrong = await signMessage(broker, "Award", favour);
    const stranger = await signMessage(ann, "Award", favour);
    const code = (evidence: Evidence): Promise<unknown> =>
      checkWrongAward(verifySignature, evidence).then(
        () => "proven",
        (error: { code: string }) => error.code,
      );
    expect(await code(wrongAward(announcement, reveals, right))).toBe("BAD_EVIDENCE");
    expect(await code(wrongAward(announcement, reveals.slice(1), wrong))).toBe("BAD_EVIDENCE");
    expect(await code(wrongAward(announcement, reveals, stranger))).toBe("BAD_EVIDENCE");
    const framed = { ...wrongAward(announcement, reveals, wrong), accused: ann.peer };
    expect(await code(framed)).toBe("BAD_EVIDENCE");
    expect(await code({ ...framed, messages: [] })).toBe("BAD_EVIDENCE");
  });
});

describe("a watcher", () => {
  const award = (peer: string, name = "auction") =>
    unsigned(peerOf("broker"), "Award", {
      ...honest,
      auction: cidOf(name),
      lots: [{ lot: 0, peer, price: 1n }],
    });

  test("catches two awards for one auction, and is not upset by the same one twice", () => {
    const watch = createWatch(10);
    expect(watch.see(award(ann.peer))).toBeUndefined();
    expect(watch.see(award(ann.peer))).toBeUndefined();
    expect(watch.see(award(ann.peer, "other"))).toBeUndefined();
    expect(watch.see(award(ben.peer))).toMatchObject({ charge: "equivocation" });
  });

  test("remembers no more than its capacity", () => {
    const watch = createWatch(2);
    for (const name of ["1", "2", "3"]) watch.see(award(ann.peer, name));
    expect(watch.size).toBe(2);
    expect(watch.see(award(ben.peer, "1"))).toBeUndefined();
    expect(watch.see(award(ben.peer, "3"))).toMatchObject({ charge: "equivocation" });
  });
});

describe("a bidder", () => {
  const lots = [lotOf(0, 100n), lotOf(1, 5n), { ...lotOf(2, 100n), maxDuration: 1 }];
  const offered = announcementOf(lots, []);
  const costs = { ask: 7n, constraintsPerSecond: 10_000_000, capacity: 3 };

  test("bids its true cost on the lots that cover it and that it can finish in time", () => {
    const made = truthfulBid(auction, offered, costs, saltOf("salt"));
    expect(made?.offers).toEqual([{ lot: 0, price: 7n, duration: 100 }]);
    expect(made?.capacity).toBe(1);
    expect(truthfulBid(auction, offered, { ...costs, ask: 101n }, saltOf("salt"))).toBeUndefined();
  });

  test("reveals when called, once, what it sealed, and learns whether it won", () => {
    const content = bid(7n, "salt");
    const { state, commitment } = sealBid(ann.peer, content);
    expect(commitment).toBe(commitmentOf(ann.peer, content));
    expect(
      stepBid(ann.peer, state, { kind: "revealsCalled", auction: cidOf("other") }).effects,
    ).toEqual([]);
    const called = stepBid(ann.peer, state, { kind: "revealsCalled", auction });
    expect(called.effects).toEqual([{ kind: "reveal", content }]);
    expect(stepBid(ann.peer, called.state, { kind: "revealsCalled", auction }).effects).toEqual([]);
    const result = (peer: string) =>
      stepBid(ann.peer, called.state, { kind: "awarded", auction, lots: [{ lot: 0, peer }] }).state;
    expect(result(ann.peer)).toEqual({ phase: "Won", auction, lots: [0] });
    expect(result(ben.peer)).toEqual({ phase: "Lost", auction });
  });

  test("seals differently for another salt, bidder or auction", () => {
    const seals = [
      commitmentOf(ann.peer, bid(7n, "one")),
      commitmentOf(ann.peer, bid(7n, "two")),
      commitmentOf(ann.peer, bid(8n, "one")),
      commitmentOf(ben.peer, bid(7n, "one")),
      commitmentOf(ann.peer, { ...bid(7n, "one"), auction: cidOf("other") }),
    ];
    expect(new Set(seals).size).toBe(seals.length);
  });
});
