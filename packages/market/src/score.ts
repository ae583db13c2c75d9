import type { Money, PPM, Weights } from "@foldmesh/protocol";
import { PPM_ONE } from "@foldmesh/protocol";

const ONE = BigInt(PPM_ONE);

/**
 * A bid's score, 0.7·(1 − price/reserve) + 0.3·reputation with the usual weights, times reserve·10^12 so that it is an integer and
 * comparisons are exact. Comparable between bids on the same lot.
 * @param price in [0, reserve]
 */
export function scaledScore(
  price: Money,
  reputation: PPM,
  reserve: Money,
  weights: Weights,
): bigint {
  return (
    BigInt(weights.price) * ONE * (reserve - price) +
    BigInt(weights.reputation) * BigInt(reputation) * reserve
  );
}

/**
 * The highest whole price at which a bidder of this reputation still scores at least `second`:
 * p = reserve·(1 − (score₂ − 0.3·reputation)/0.7), rounded down and never above the reserve. Rounding down keeps it at or above any
 * winning bid, since bids are whole; without a losing bid it is the reserve.
 * @param second scaled score of the best bid that lost
 */
export function secondScorePrice(
  second: bigint | undefined,
  reputation: PPM,
  reserve: Money,
  weights: Weights,
): Money {
  if (second === undefined) return reserve;
  const lead = second - BigInt(weights.reputation) * BigInt(reputation) * reserve;
  if (lead <= 0n) return reserve;
  const unit = BigInt(weights.price) * ONE;
  return reserve - (lead + unit - 1n) / unit;
}
