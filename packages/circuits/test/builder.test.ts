import fc from "fast-check";
import { Fp, Fq, type PrimeField } from "@foldmesh/algebra";
import { checkStructure } from "@foldmesh/r1cs";
import { describe, expect, test } from "vitest";
import { type Builder, ShapeBuilder, WitnessBuilder } from "../src/index.ts";
import { type Circuit, assign, build, freeColumns, violatedRows } from "./harness.ts";

const integer = fc.bigInt({ min: -(1n << 260n), max: 1n << 260n });

describe.each([Fp, Fq])("$name", (field: PrimeField) => {
  test("a row applied to the assignment is the value carried while witnessing", () => {
    const term = fc.record({ k: integer, at: fc.nat({ max: 4 }) });
    fc.assert(
      fc.property(
        fc.array(integer, { minLength: 5, maxLength: 5 }),
        fc.array(term),
        integer,
        (values, terms, constant) => {
          const circuit: Circuit = (cs) => {
            const variables = values.map((value) => cs.witness(value));
            const nested = variables.map((x, n) =>
              cs.sub(cs.scale(3n, x), variables[(n + 1) % 5]!),
            );
            const sum = cs.linear(
              terms.map(({ k }) => k),
              terms.map(({ at }) => nested[at]!),
              constant,
            );
            cs.enforceEqual(sum, cs.witness(cs.value(sum)), "sum");
            cs.mul(sum, cs.add(sum, cs.constant(constant)));
          };
          const { structure, z, violations } = build(field, circuit);
          checkStructure(structure);
          expect(violations).toEqual([]);
          expect(violatedRows(structure, z)).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a violated constraint is recorded once, by its label, in both forms of checking", () => {
    const circuit: Circuit = (cs) => {
      const x = cs.witness(5n);
      cs.enforce(x, x, cs.constant(26n), "square");
      cs.enforce(x, x, cs.constant(24n), "square");
      cs.enforceEqual(x, cs.constant(6n), "equal");
      cs.enforceZero(cs.sub(x, cs.constant(5n)), "zero");
      cs.enforceZero(x, "not-zero");
    };
    const { structure, z, violations } = build(field, circuit);
    expect(violations).toEqual(["square", "equal", "not-zero"]);
    expect(violatedRows(structure, z)).toEqual([0, 1, 2, 4]);
  });

  test("values are congruent, not equal: a constraint holds modulo the field", () => {
    const circuit: Circuit = (cs) => {
      const x = cs.witness(field.modulus - 1n);
      cs.enforce(x, x, cs.one, "square of -1");
      cs.enforceEqual(cs.sub(cs.zero, cs.one), x, "-1");
    };
    expect(assign(field, circuit)).toEqual({ z: [1n, field.modulus - 1n], violations: [] });
  });

  test("terms that cancel leave no entry", () => {
    const circuit: Circuit = (cs) => {
      const x = cs.witness(7n);
      cs.enforceZero(cs.linear([1n, -1n, field.modulus], [x, x, x], field.modulus), "nothing");
    };
    const { structure } = build(field, circuit);
    expect(structure.A.column.length).toBe(0);
    checkStructure(structure);
  });
});

test("public columns come first and sections count their rows", () => {
  const circuit = <V>(cs: Builder<V>): void => {
    const out = cs.publicInput(1, 12n);
    cs.endSection("empty");
    cs.enforceEqual(cs.mul(cs.witness(3n), cs.witness(4n)), out, "product");
    cs.endSection("product");
  };
  const shape = new ShapeBuilder(Fp, 2);
  circuit(shape);
  expect(shape.sections).toEqual({ empty: 0, product: 2 });
  const witness = new WitnessBuilder(Fp, 2);
  circuit(witness);
  expect(witness.publicValues()).toEqual([1n, 12n]);
  expect(witness.witnessValues()).toEqual([3n, 4n, 12n]);
  const structure = shape.structure();
  expect([structure.columns, structure.publicCount]).toEqual([5, 2]);
  expect(violatedRows(structure, [1n, 12n, 3n, 4n, 12n])).toEqual([]);
});

test("freeColumns finds an unconstrained column", () => {
  const { structure, z } = build(Fp, (cs) => {
    cs.mul(cs.witness(3n), cs.witness(0n));
    cs.witness(1n);
  });
  expect(freeColumns(structure, z)).toEqual([1, 4]);
});
