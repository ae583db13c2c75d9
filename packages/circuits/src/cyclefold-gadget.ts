// The fold of the CycleFold instances (design page §5, step 8) in circuit: seven native ladders.

import { type Point, Grumpkin } from "@foldmesh/algebra";
import type { Builder } from "./builder.ts";
import { scalarMulOdd } from "./ladder.ts";
import type { MergeTables } from "./merge-types.ts";
import { shortChallengeBits } from "./multifold-gadget.ts";
import { addPoints, allocatePoint, enforceOnCurve } from "./points.ts";
import { poseidonGadget } from "./poseidon.ts";
import { type CycleFoldInstance, type Limbs, cycleFoldBlock } from "./statement.ts";
import { type Pair, type Triple, map3 } from "./tuples.ts";

/** The prover's commitments: the fresh witness, and the cross terms T01, T02, T12. */
export interface CycleFoldMessage<T> {
  readonly CW: T;
  readonly CT: Triple<T>;
}

/** Enforced to lie on Grumpkin. */
export function allocateCycleFoldMessage<V>(
  cs: Builder<V>,
  message: CycleFoldMessage<Point>,
): CycleFoldMessage<Pair<V>> {
  const CW = allocatePoint(cs, message.CW);
  const CT = map3(message.CT, (P) => allocatePoint(cs, P));
  for (const P of [CW, ...CT]) enforceOnCurve(cs, P, Grumpkin.b, "on-curve");
  return { CW, CT };
}

/** Bits of t in r = 2¹²⁷ + 2t + 1. The transcript ends here, so its chaining value is dropped. */
export function squeezeR<V>(
  cs: Builder<V>,
  { poseidon17 }: MergeTables,
  chain: V,
  Q: Limbs<V>,
  { CW, CT }: CycleFoldMessage<Pair<V>>,
): V[] {
  const lanes = [chain, ...cycleFoldBlock(Q, CW, CT, cs.zero)];
  return shortChallengeBits(cs, poseidonGadget(cs, poseidon17, lanes, 2)[1]!);
}

/**
 * Φ' = Φ_L + r·Φ_R + r²·fresh, and C_E = E_L + r(T01 + r((E_R + T02) + r·T12)). `CX` commits to the fresh
 * public input (b = 0). Refuses the accident of two equal x coordinates; all points are on the curve.
 */
export function foldCycleFold<V>(
  cs: Builder<V>,
  rBits: readonly V[],
  L: CycleFoldInstance<V>,
  R: CycleFoldInstance<V>,
  CX: Pair<V>,
  { CW, CT }: CycleFoldMessage<Pair<V>>,
): CycleFoldInstance<V> {
  const timesR = (P: Pair<V>): Pair<V> => scalarMulOdd(cs, rBits, P);
  const fold3 = (A: Pair<V>, B: Pair<V>, C: Pair<V>): Pair<V> =>
    addPoints(cs, timesR(addPoints(cs, timesR(C), B)), A);
  const foldError = (EL: Pair<V>, ER: Pair<V>, [T01, T02, T12]: Triple<Pair<V>>): Pair<V> => {
    const cubic = timesR(T12);
    const quadratic = addPoints(cs, cubic, addPoints(cs, ER, T02));
    return addPoints(cs, timesR(addPoints(cs, timesR(quadratic), T01)), EL);
  };
  return {
    CX: fold3(L.CX, R.CX, CX),
    CW: fold3(L.CW, R.CW, CW),
    CE: foldError(L.CE, R.CE, CT),
  };
}
