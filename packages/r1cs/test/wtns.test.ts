import { Fp, elementsToBytes } from "@foldmesh/algebra";
import { encodeWTNS, parseWTNS } from "@foldmesh/r1cs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectRefused } from "./refused.ts";

const element = fc.bigInt({ min: 0n, max: Fp.modulus - 1n });
const SMALL = encodeWTNS(elementsToBytes([1n, 7n]));
/** Bytes 12 … 24 are the first section's head, then come 4 bytes of size and the prime. */
const PRIME_AT = 28;

describe(".wtns", () => {
  test("reads what it wrote", () => {
    fc.assert(
      fc.property(fc.array(element), (values) => {
        const z = elementsToBytes([1n, ...values]);
        expect(parseWTNS(encodeWTNS(z))).toEqual(z);
      }),
    );
  });

  test("truncated anywhere is refused", () => {
    for (let length = 0; length < SMALL.length; length++) {
      expectRefused(() => parseWTNS(SMALL.slice(0, length)), "MALFORMED", /./);
    }
  });

  test("over another prime, or with an element outside the field, is refused", () => {
    const other = SMALL.slice();
    other[PRIME_AT]! ^= 2;
    expectRefused(() => parseWTNS(other), "UNSUPPORTED", /another prime/);
    const large = SMALL.slice();
    large.fill(0xff, large.length - 32);
    expectRefused(() => parseWTNS(large), "WITNESS", /wire 1 of the witness is not below/);
  });
});
