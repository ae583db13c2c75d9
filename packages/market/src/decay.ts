/** Steps in which time is counted for decay: this many to a half-life. */
const STEPS = 64;
const SHIFT = 60n;

/** The integer square root, rounded down (Newton from above). */
function squareRoot(n: bigint): bigint {
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (let y = (x + n / x) >> 1n; y < x; y = (x + n / x) >> 1n) x = y;
  return x;
}

/** 2^(−k/64) · 2^60 for k = 0 … 63, from six square roots of one half: integers only, so every peer has the same. */
const FACTORS: readonly bigint[] = factors();

function factors(): readonly bigint[] {
  let step = 1n << (SHIFT - 1n);
  for (let i = 1; i < STEPS; i *= 2) step = squareRoot(step << SHIFT);
  const out = [1n << SHIFT];
  while (out.length < STEPS) out.push(((out.at(-1) as bigint) * step) >> SHIFT);
  return out;
}

/** The step that a time (ms) falls into. */
export function stepOf(time: number, halfLifeMs: number): number {
  return Math.floor((time * STEPS) / halfLifeMs);
}

/** x·2^(−steps/64), rounded down; steps ≥ 0. */
export function decayed(x: bigint, steps: number): bigint {
  const halvings = Math.floor(steps / STEPS);
  if (halvings > 1024) return 0n;
  return (x * (FACTORS[steps % STEPS] as bigint)) >> (SHIFT + BigInt(halvings));
}
