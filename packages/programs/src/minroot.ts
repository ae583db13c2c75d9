import { Fp } from "@foldmesh/algebra";

/** Rounds in one step of the `minroot` program. */
export const MINROOT_ROUNDS = 32;

/** 1/5 mod (p − 1) */
const FIFTH_ROOT_EXPONENT =
  17510594297471420177797124596205820070838691520332827474958563349260646796493n;

/** What `steps` steps of the `minroot` program make of (x, y, i). */
export function minroot(
  z0: readonly [x: bigint, y: bigint, i: bigint],
  steps: number,
): [x: bigint, y: bigint, i: bigint] {
  let [x, y, i] = z0;
  for (let k = 0; k < steps * MINROOT_ROUNDS; k++) {
    [x, y, i] = [Fp.pow(Fp.add(x, y), FIFTH_ROOT_EXPONENT), Fp.add(x, i), Fp.add(i, 1n)];
  }
  return [x, y, i];
}
