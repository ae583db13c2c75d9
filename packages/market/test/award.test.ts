import type { Award } from "@foldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideAward, scaledScore } from "../src/index.ts";
import { announcementOf, lotOf, revealOf, WEIGHTS } from "./helpers.ts";

const AUCTION = "auction";
const NAMES = ["a", "b", "c", "d", "e", "f"] as const;

/** Few different values, so that ties are common. */
const reputation = fc.oneof(fc.constantFrom(0, 500_000, 1_000_000), fc.nat(1_000_000));
const price = fc.option(fc.bigInt(0n, 120n), { nil: undefined, freq: 4 });

const auctions = fc.record({
  reserves: fc.array(fc.bigInt(0n, 100n), { minLength: 1, maxLength: 5 }),
  bidders: fc.subarray([...NAMES], { minLength: 1 }).chain((names) =>
    fc.tuple(
      ...names.map((peer) =>
        fc.record({
          peer: fc.constant(peer),
          reputation,
          admitted: fc.boolean().map((b) => b || peer < "d"),
          capacity: fc.integer({ min: 1, max: 3 }),
          prices: fc.array(price, { minLength: 5, maxLength: 5 }),
        }),
      ),
    ),
  ),
});

type Sample = typeof auctions extends fc.Arbitrary<infer T> ? T : never;

function setUp({ reserves, bidders }: Sample) {
  const lots = reserves.map((reserve, i) => lotOf(i, reserve));
  const admitted = bidders
    .filter((each) => each.admitted)
    .map(({ peer, reputation: r }) => ({ peer, reputation: r }));
  const announcement = announcementOf(lots, admitted);
  const reveals = bidders
    .map((each) => revealOf(AUCTION, each.peer, each.prices.slice(0, lots.length), each.capacity))
    .filter(({ content }) => content.offers.length > 0);
  return { announcement, reveals };
}

const decide = (sample: Sample): Award => {
  const { announcement, reveals } = setUp(sample);
  return decideAward(AUCTION, announcement, reveals);
};

describe("the award", () => {
  test("does not depend on the order in which reveals arrive", () => {
    fc.assert(
      fc.property(auctions, fc.nat(), (sample, rotation) => {
        const { announcement, reveals } = setUp(sample);
        const at = rotation % Math.max(1, reveals.length);
        const shuffled = [...reveals.slice(at), ...reveals.slice(0, at)].toReversed();
        expect(decideAward(AUCTION, announcement, shuffled)).toEqual(
          decideAward(AUCTION, announcement, reveals),
        );
      }),
    );
  });

  test("depends on nothing but the announcement and the reveals: the same twice, inputs untouched", () => {
    fc.assert(
      fc.property(auctions, (sample) => {
        const { announcement, reveals } = setUp(sample);
        const before = structuredClone({ announcement, reveals });
        expect(decideAward(AUCTION, announcement, reveals)).toEqual(
          decideAward(AUCTION, announcement, reveals),
        );
        expect({ announcement, reveals }).toEqual(before);
      }),
    );
  });

  test("gives no lot twice, nobody more than its capacity, and only to admitted bidders", () => {
    fc.assert(
      fc.property(auctions, (sample) => {
        const { lots } = decide(sample);
        expect(new Set(lots.map(({ lot }) => lot)).size).toBe(lots.length);
        for (const { peer, capacity, admitted } of sample.bidders) {
          const won = lots.filter((each) => each.peer === peer).length;
          expect(won).toBeLessThanOrEqual(admitted ? capacity : 0);
        }
      }),
    );
  });

  test("pays between the winner's bid and the reserve", () => {
    fc.assert(
      fc.property(auctions, (sample) => {
        for (const { lot, peer, price: paid } of decide(sample).lots) {
          const bid = sample.bidders.find((each) => each.peer === peer)?.prices[lot];
          expect(paid).toBeGreaterThanOrEqual(bid as bigint);
          expect(paid).toBeLessThanOrEqual(sample.reserves[lot] as bigint);
        }
      }),
    );
  });

  test("leaves a lot unsold only when nobody eligible with capacity left wants it", () => {
    fc.assert(
      fc.property(auctions, (sample) => {
        const { lots } = decide(sample);
        for (const [i, reserve] of sample.reserves.entries()) {
          if (lots.some(({ lot }) => lot === i)) continue;
          for (const { peer, prices, capacity, admitted } of sample.bidders) {
            const wanted = admitted && prices[i] !== undefined && prices[i] <= reserve;
            const before = lots.filter((each) => each.peer === peer && each.lot < i).length;
            if (wanted) expect(before).toBe(capacity);
          }
        }
      }),
    );
  });
});

/** One lot, rivals, and one bidder whose deviations are tried. */
const duels = fc.record({
  reserve: fc.bigInt(0n, 40n),
  cost: fc.bigInt(0n, 45n),
  own: reputation,
  rivals: fc.array(fc.record({ price: fc.bigInt(0n, 42n), reputation }), { maxLength: 4 }),
});
type Duel = typeof duels extends fc.Arbitrary<infer T> ? T : never;
type Name = { readonly peer: string; readonly reputation: number; readonly price: bigint };

/** What the bidder behind these names gains: the payment less the cost if one of them wins. */
function gain({ reserve, cost, rivals }: Duel, names: readonly Name[]): bigint {
  const everyone = [...names, ...rivals.map((rival, i) => ({ ...rival, peer: `rival${i}` }))];
  const announcement = announcementOf([lotOf(0, reserve)], everyone);
  const reveals = everyone.map((each) => revealOf(AUCTION, each.peer, [each.price], 1));
  const [won] = decideAward(AUCTION, announcement, reveals).lots;
  return won !== undefined && names.some(({ peer }) => peer === won.peer) ? won.price - cost : 0n;
}

describe("in a single-lot auction", () => {
  test("bidding the true cost is a best reply to whatever the rivals bid", () => {
    fc.assert(
      fc.property(duels, (duel) => {
        const me = { peer: "me", reputation: duel.own };
        const truthful = gain(duel, [{ ...me, price: duel.cost }]);
        expect(truthful).toBeGreaterThanOrEqual(0n);
        for (let price = 0n; price <= duel.reserve + 1n; price++) {
          expect(gain(duel, [{ ...me, price }])).toBeLessThanOrEqual(truthful);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("false names never help, as long as none is better known than the true one", () => {
    const names = fc.array(fc.record({ price: fc.bigInt(0n, 42n), share: fc.nat(1_000_000) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(duels, names, (duel, others) => {
        const truthful = gain(duel, [{ peer: "me", reputation: duel.own, price: duel.cost }]);
        const crowd = others.map(({ price: bid, share }, i) => ({
          peer: `me${i}`,
          reputation: Math.floor((duel.own * share) / 1_000_000),
          price: bid,
        }));
        expect(gain(duel, crowd)).toBeLessThanOrEqual(truthful);
      }),
      { numRuns: 2000 },
    );
  });

  test("the winner is paid the highest price at which it would not have scored below the second", () => {
    fc.assert(
      fc.property(duels, (duel) => {
        const { reserve, rivals } = duel;
        const announcement = announcementOf(
          [lotOf(0, reserve)],
          rivals.map((rival, i) => ({ peer: `rival${i}`, reputation: rival.reputation })),
        );
        const reveals = rivals.map((rival, i) => revealOf(AUCTION, `rival${i}`, [rival.price], 1));
        const [won] = decideAward(AUCTION, announcement, reveals).lots;
        const scores = rivals
          .filter(({ price: bid }) => bid <= reserve)
          .map((rival) => scaledScore(rival.price, rival.reputation, reserve, WEIGHTS))
          .toSorted((a, b) => (a > b ? -1 : 1));
        if (won === undefined) {
          expect(scores).toEqual([]);
          return;
        }
        const rank = rivals[Number(won.peer.slice(5))]?.reputation as number;
        const second = scores[1];
        if (second === undefined) {
          expect(won.price).toBe(reserve);
          return;
        }
        expect(scaledScore(won.price, rank, reserve, WEIGHTS)).toBeGreaterThanOrEqual(second);
        if (won.price < reserve) {
          expect(scaledScore(won.price + 1n, rank, reserve, WEIGHTS)).toBeLessThan(second);
        }
      }),
    );
  });
});

describe("by hand", () => {
  test("the worked example: reserve 100, bids 60 and 50, reputations 0.9 and 0.2", () => {
    // scores: 0.7·0.4 + 0.3·0.9 = 0.55 and 0.7·0.5 + 0.3·0.2 = 0.41; paid 100·(1 − (0.41 − 0.27)/0.7) = 80
    const announcement = announcementOf(
      [lotOf(0, 100n)],
      [
        { peer: "a", reputation: 900_000 },
        { peer: "b", reputation: 200_000 },
      ],
    );
    const reveals = [revealOf(AUCTION, "a", [60n], 1), revealOf(AUCTION, "b", [50n], 1)];
    expect(decideAward(AUCTION, announcement, reveals).lots).toEqual([
      { lot: 0, peer: "a", price: 80n },
    ]);
  });

  test("an offer that takes too long is not eligible, however cheap", () => {
    const lot = { ...lotOf(0, 100n), maxDuration: 9 };
    const announcement = announcementOf([lot], [{ peer: "a", reputation: 0 }]);
    expect(decideAward(AUCTION, announcement, [revealOf(AUCTION, "a", [1n], 1)]).lots).toEqual([]);
  });

  test("an offer for a lot that was not announced counts for nothing", () => {
    const announcement = announcementOf([lotOf(0, 100n)], [{ peer: "a", reputation: 0 }]);
    expect(
      decideAward(AUCTION, announcement, [revealOf(AUCTION, "a", [undefined, 1n], 1)]).lots,
    ).toEqual([]);
  });
});
