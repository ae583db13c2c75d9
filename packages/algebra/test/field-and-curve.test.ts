import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Curve, Fp, Fq, G1, Grumpkin, type PrimeField, generators } from "../src/index.ts";

/** Elements with the edges where carries and reductions live. */
const element = (field: PrimeField) => {
  const m = field.modulus;
  const limb = (1n << 51n) - 1n;
  const edges = [
    0n,
    1n,
    2n,
    m - 1n,
    m - 2n,
    (m - 1n) / 2n,
    (m + 1n) / 2n,
    limb,
    limb << 51n,
    (1n << 253n) - 1n,
  ];
  return fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: m - 1n }));
};

describe.each([Fp, Fq])("field $name", (F) => {
  test("is a commutative ring with inverses", () => {
    fc.assert(
      fc.property(element(F), element(F), element(F), (a, b, c) => {
        expect(F.mul(a, F.add(b, c))).toBe(F.add(F.mul(a, b), F.mul(a, c)));
        expect(F.mul(a, b)).toBe(F.mul(b, a));
        expect(F.add(a, F.neg(a))).toBe(0n);
        if (a !== 0n) expect(F.mul(a, F.inv(a))).toBe(1n);
        expect(F.pow(a, 5n)).toBe(F.mul(F.mul(F.mul(a, a), F.mul(a, a)), a));
      }),
    );
  });

  test("square roots", () => {
    fc.assert(
      fc.property(element(F), (a) => {
        const square = F.mul(a, a);
        const root = F.sqrt(square);
        expect(root === a || root === F.neg(a)).toBe(true);
        const isSquare = a === 0n || F.pow(a, (F.modulus - 1n) / 2n) === 1n;
        expect(F.sqrt(a) !== null).toBe(isSquare);
      }),
      { numRuns: 30 },
    );
  });

  test("zero has no inverse", () => {
    expect(() => F.inv(0n)).toThrow(/no inverse/);
    expect(() => F.batchInv([1n, F.modulus])).toThrow(/no inverse/);
    expect(F.inv0(0n)).toBe(0n);
  });
});

describe.each([G1, Grumpkin] as Curve[])("curve $name", (curve) => {
  const [A, B, C] = generators(curve, "test", 3) as [any, any, any];
  const scalar = element(curve.scalar);

  test("group laws", () => {
    expect(curve.add(curve.add(A, B), C)).toEqual(curve.add(A, curve.add(B, C)));
    expect(curve.add(A, curve.neg(A))).toBeNull();
    expect(curve.add(A, A)).toEqual(curve.mul(2n, A));
    expect(curve.mul(curve.scalar.modulus, A)).toBeNull();
    expect(curve.mul(-1n, A)).toEqual(curve.neg(A));
  });

  test("scalar multiplication distributes, msm agrees", () => {
    fc.assert(
      fc.property(scalar, scalar, scalar, (a, b, c) => {
        const sum = curve.add(curve.mul(a, A), curve.mul(b, A));
        expect(sum).toEqual(curve.mul(a + b, A));
        expect(curve.msm([A, A, B], [a, b, c])).toEqual(curve.add(sum, curve.mul(c, B)));
        expect(curve.fold(a, [A, B])).toEqual(curve.add(A, curve.mul(a, B)));
      }),
      { numRuns: 10 },
    );
  });

  test("membership refuses off-curve, non-canonical and malformed points", () => {
    expect(curve.isOnCurve(A)).toBe(true);
    expect(curve.isOnCurve([A[0], A[1] + 1n])).toBe(false);
    expect(curve.isOnCurve([A[0] + curve.base.modulus, A[1]])).toBe(false);
    for (const junk of [null, [], [1n], [1n, 2n, 3n], "point", [1, 2]]) {
      expect(curve.isOnCurve(junk)).toBe(false);
    }
  });
});
