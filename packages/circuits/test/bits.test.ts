import fc from "fast-check";
import { Fp, Fq, type PrimeField } from "@foldmesh/algebra";
import { describe, expect, test } from "vitest";
import {
  FIELD_BITS,
  allocateBit,
  allocateBits,
  bitsOf,
  canonicalBits,
  enforceBelowModulus,
  pack,
} from "../src/bits.ts";
import { assign, build, freeColumns, violatedRows } from "./harness.ts";

test("bitsOf gives the low bits, least significant first", () => {
  expect(bitsOf(0b1011n, 6)).toEqual([1n, 1n, 0n, 1n, 0n, 0n]);
  expect(bitsOf(0b1011n, 2)).toEqual([1n, 1n]);
  expect(bitsOf(0n, 3)).toEqual([0n, 0n, 0n]);
});

test("a bit is 0 or 1", () => {
  const violationsOf = (value: bigint): string[] =>
    assign(Fp, (cs) => void allocateBit(cs, value)).violations;
  expect([0n, 1n, 2n, -1n].map(violationsOf)).toEqual([[], [], ["boolean"], ["boolean"]]);
});

test("allocateBits leaves the sum to the caller and pack recovers it", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 127n) - 1n }), (x) => {
      const { structure, z, violations } = build(Fp, (cs) => {
        cs.enforceEqual(pack(cs, allocateBits(cs, x, 127)), cs.constant(x), "pack");
      });
      expect(violations).toEqual([]);
      expect(structure.A.rows).toBe(128);
      expect(freeColumns(structure, z)).toEqual([]);
    }),
    { numRuns: 10 },
  );
});

describe.each([Fp, Fq])("canonical decomposition over $name", (field: PrimeField) => {
  const p = field.modulus;
  const edges = [0n, 1n, p - 1n, p - 2n, (p - 1n) >> 1n, 1n << 253n, (1n << 253n) - 1n];

  test.each(edges)("of %d is accepted and determined", (x) => {
    const { structure, z, violations } = build(field, (cs) => {
      canonicalBits(cs, cs.witness(x));
    });
    expect(violations).toEqual([]);
    expect(violatedRows(structure, z)).toEqual([]);
    expect(freeColumns(structure, z)).toEqual([]);
    expect(z.slice(2, 2 + FIELD_BITS)).toEqual(bitsOf(x, FIELD_BITS));
  });

  test.each([p, p + 1n, p + (1n << 128n), (1n << 254n) - 1n])(
    "the integer %d is refused",
    (integer) => {
      const { violations } = assign(field, (cs) => {
        const bits = allocateBits(cs, integer, FIELD_BITS);
        cs.enforceEqual(pack(cs, bits), cs.constant(integer), "pack"); // a true statement modulo p
        enforceBelowModulus(cs, bits);
      });
      expect(violations).toEqual(["canonical"]);
    },
  );

  test("costs 254 booleans, one sum and 254 comparisons", () => {
    const { structure } = build(field, (cs) => {
      canonicalBits(cs, cs.witness(0n));
    });
    expect(structure.A.rows).toBe(509);
  });
});
