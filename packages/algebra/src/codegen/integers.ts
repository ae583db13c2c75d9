// BigInt helpers of the generators.

export function modulo(a: bigint, m: bigint): bigint {
  const r = a % m;
  return r < 0n ? r + m : r;
}

/** a⁻¹ mod m for coprime a, m. */
export function inverse(a: bigint, m: bigint): bigint {
  let [r0, r1, t0, t1] = [m, modulo(a, m), 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return modulo(t0, m);
}

/** The representative of x in (−m/2, m/2]. */
export function centred(x: bigint, m: bigint): bigint {
  const r = modulo(x, m);
  return r > m / 2n ? r - m : r;
}

/** x = Σ limbs[i]·2^(width·i), the low n−1 limbs in [−2^(width−1), 2^(width−1)), the last takes the rest. */
export function signedLimbs(x: bigint, width: number, n: number): bigint[] {
  const limbs: bigint[] = [];
  const base = 1n << BigInt(width);
  let rest = x;
  for (let i = 0; i < n - 1; i++) {
    const digit = modulo(rest + base / 2n, base) - base / 2n;
    limbs.push(digit);
    rest = (rest - digit) / base;
  }
  limbs.push(rest);
  return limbs;
}

/** x = Σ limbs[i]·2^(width·i), the low n−1 limbs in [0, 2^width), the last takes the rest. */
export function unsignedLimbs(x: bigint, width: number, n: number): bigint[] {
  const limbs: bigint[] = [];
  const mask = (1n << BigInt(width)) - 1n;
  let rest = x;
  for (let i = 0; i < n - 1; i++) {
    limbs.push(rest & mask);
    rest >>= BigInt(width);
  }
  limbs.push(rest);
  return limbs;
}

export function fromLimbs(limbs: readonly bigint[], width: number): bigint {
  return limbs.reduceRight((x, limb) => (x << BigInt(width)) + limb, 0n);
}

/** The 64 bits of a double. */
export function doubleBits(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
