import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Fp,
  areCanonical,
  elementsFromBytes,
  elementsToBytes,
  integerFromBytesBE,
} from "../src/index.ts";

const element = fc.oneof(
  fc.constantFrom(0n, 1n, Fp.modulus - 1n),
  fc.bigInt({ min: 0n, max: Fp.modulus - 1n }),
);

describe("encodings", () => {
  test("elements survive a round trip", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 20 }), (xs) => {
        const bytes = elementsToBytes(xs);
        expect(elementsFromBytes(bytes, Fp.modulus)).toEqual(xs);
        expect(areCanonical(bytes, Fp.modulus)).toBe(true);
      }),
    );
  });

  test.each([Fp.modulus, Fp.modulus + 1n, 1n << 254n, (1n << 256n) - 1n])("%d is refused", (x) => {
    const bytes = elementsToBytes([0n, x]);
    expect(areCanonical(bytes, Fp.modulus)).toBe(false);
    expect(() => elementsFromBytes(bytes, Fp.modulus)).toThrow(/element 1 is not below/);
  });

  test("a length that is no multiple of 32 is refused", () => {
    expect(areCanonical(new Uint8Array(33), Fp.modulus)).toBe(false);
    expect(() => elementsFromBytes(new Uint8Array(33), Fp.modulus)).toThrow(/multiple of 32/);
  });

  test("big-endian integers of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const expected =
          bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
        expect(integerFromBytesBE(bytes)).toBe(expected);
      }),
    );
  });
});
