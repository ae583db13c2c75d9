import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fp, Fq, type PrimeField, type Vec, createEngine } from "../src/index.ts";
import { readModules } from "../src/wasm/load-node.ts";

const RUNS = { numRuns: 40 };

const elementOf = (F: PrimeField): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: 0n, max: F.modulus - 1n });
const listOf = (F: PrimeField): fc.Arbitrary<bigint[]> =>
  fc.array(elementOf(F), { minLength: 1, maxLength: 9 });

describe.each(["fma51", "int29"] as const)("field laws on %s", async (backend) => {
  const engine = await createEngine({ load: readModules, backend });

  describe.each([Fp, Fq])("$name", (F) => {
    const V = engine[F.name];
    const equal = async (a: Vec, b: Vec): Promise<void> => {
      expect(await V.isZero(V.sub(a, b))).toBe(true);
    };

    test("multiplication distributes, associates, commutes", async () => {
      const law = fc.asyncProperty(listOf(F), elementOf(F), elementOf(F), async (xs, k, l) => {
        const a = V.fromElements(xs);
        const b = V.scale(k, a);
        const c = V.add(V.scale(l, a), a);
        await equal(V.mul(V.add(a, b), c), V.add(V.mul(a, c), V.mul(b, c)));
        await equal(V.mul(V.mul(a, b), c), V.mul(a, V.mul(b, c)));
        await equal(V.mul(b, c), V.mul(c, b));
      });
      await fc.assert(law, RUNS);
    });

    test("inverses multiply to one, and pow adds exponents", async () => {
      const exponent = fc.bigInt({ min: 0n, max: 1n << 70n });
      const law = fc.asyncProperty(listOf(F), exponent, exponent, async (xs, e, f) => {
        const a = V.fromElements(xs);
        const product = V.mul(a, V.inverse(a));
        expect(await V.toElements(product)).toEqual(xs.map((x) => (x === 0n ? 0n : 1n)));
        await equal(V.mul(V.pow(a, e), V.pow(a, f)), V.pow(a, e + f));
      });
      await fc.assert(law, RUNS);
    });

    test("inner products are bilinear", async () => {
      const law = fc.asyncProperty(listOf(F), elementOf(F), async (xs, k) => {
        const a = V.fromElements(xs);
        const b = V.powers(k, xs.length);
        const left = await V.innerProduct(V.scale(k, a), b);
        expect(left).toBe(F.mul(k, await V.innerProduct(a, b)));
        expect(await V.innerProduct(V.add(a, b), b)).toBe(
          F.add(await V.innerProduct(a, b), await V.innerProduct(b, b)),
        );
      });
      await fc.assert(law, RUNS);
    });
  });
});
