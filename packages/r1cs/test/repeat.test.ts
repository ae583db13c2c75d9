import { Fp, elementsToBytes } from "@foldmesh/algebra";
import {
  MATRICES,
  checkStructure,
  firstViolation,
  parseR1CS,
  repeatAssignment,
  repeatStep,
  rowOf,
  stepCircuit,
} from "@foldmesh/r1cs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFile } from "./r1cs-file.ts";
import { expectRefused } from "./refused.ts";

const M1 = Fp.modulus - 1n;

// Wires [1, out0, out1, in0, in1, w, q]: q = in0·w, out0 = q + in1, out1 = in0 + 1.
const STEP = stepCircuit(
  parseR1CS(
    encodeFile({
      wires: 7,
      outputs: 2,
      publicInputs: 2,
      privateInputs: 1,
      constraints: [
        [[[3, 1n]], [[5, 1n]], [[6, 1n]]],
        [
          [[0, 1n]],
          [
            [1, 1n],
            [4, M1],
            [6, M1],
          ],
          [],
        ],
        [
          [[0, 1n]],
          [
            [0, 1n],
            [2, M1],
            [3, 1n],
          ],
          [],
        ],
      ],
    }),
  ),
);

type State = readonly [bigint, bigint];

const assign = ([x, y]: State, w: bigint): bigint[] => {
  const q = Fp.mul(x, w);
  return [1n, Fp.add(q, y), Fp.add(x, 1n), x, y, w, q];
};

/** Assignments of a chain of steps from (2, 3). */
function chain(ws: readonly bigint[]): bigint[][] {
  let state: State = [2n, 3n];
  return ws.map((w) => {
    const z = assign(state, w);
    state = [z[1]!, z[2]!];
    return z;
  });
}

const repeated = (zs: readonly bigint[][]): Uint8Array =>
  repeatAssignment(zs.map(elementsToBytes), STEP.stateSize);

describe("repeat", () => {
  test("once is the identity", () => {
    expect(repeatStep(STEP, 1)).toBe(STEP);
    const z = elementsToBytes(assign([1n, 2n], 3n));
    expect(repeatAssignment([z], 2)).toBe(z);
  });

  test("orders its columns 1, out, in, private 0, state 1, private 1, …", () => {
    const zs = chain([5n, 7n, 11n]);
    const expected = [
      1n,
      ...zs[2]!.slice(1, 3),
      ...zs[0]!.slice(3, 5),
      ...zs[0]!.slice(5),
      ...zs[1]!.slice(3, 5),
      ...zs[1]!.slice(5),
      ...zs[2]!.slice(3, 5),
      ...zs[2]!.slice(5),
    ];
    expect(repeated(zs)).toEqual(elementsToBytes(expected));
  });

  test("has k times the rows, sorted", () => {
    const big = repeatStep(STEP, 4);
    checkStructure(big.r1cs);
    expect(big.r1cs).toMatchObject({ columns: 1 + 4 + 4 * 2 + 3 * 2, publicCount: 5 });
    expect(big.r1cs.A.rows).toBe(12);
  });

  test("holds for honest chains, and for no chain with a changed element", () => {
    const ws = fc.array(fc.bigInt({ min: 1n, max: M1 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(ws, fc.nat(), (values, at) => {
        const { r1cs } = repeatStep(STEP, values.length);
        const z = repeated(chain(values));
        expect(firstViolation(r1cs, z)).toBeUndefined();
        z[32 * (1 + (at % (r1cs.columns - 1)))]! ^= 1; // not the constant: every row is homogeneous
        expect(firstViolation(r1cs, z)).toBeDefined();
      }),
    );
  });

  test("is violated in the copy whose state was changed", () => {
    const zs = chain([5n, 7n, 11n]);
    const z = repeated(zs);
    const state1 = 1 + 2 * 2 + 2;
    z[32 * state1]! ^= 1;
    expect(firstViolation(repeatStep(STEP, 3).r1cs, z)?.row).toBe(1); // copy 0's out0
  });

  test("refuses assignments that are no chain", () => {
    const zs = [assign([2n, 3n], 5n), assign([2n, 3n], 5n)];
    expectRefused(() => repeated(zs), "WITNESS", /copy 1 does not begin with the state/);
  });

  test("shares no column between copies but the state", () => {
    const { r1cs } = repeatStep(STEP, 2);
    const columns = (rows: readonly number[]): Set<number> =>
      new Set(
        MATRICES.flatMap((name) =>
          rows.flatMap((x) => rowOf(r1cs[name], x).map(([column]) => column)),
        ),
      );
    const second = columns([3, 4, 5]);
    const shared = [...columns([0, 1, 2])].filter((column) => second.has(column));
    expect(shared.sort((x, y) => x - y)).toEqual([0, 7, 8]); // the constant and state 1
  });
});

// Wires [1, out, in], out = in + 1: a step without private wires, whose copies are linked by states alone.
const COUNTER = stepCircuit(
  parseR1CS(
    encodeFile({
      wires: 3,
      outputs: 1,
      publicInputs: 1,
      privateInputs: 0,
      constraints: [
        [
          [[0, 1n]],
          [
            [0, 1n],
            [1, M1],
            [2, 1n],
          ],
          [],
        ],
      ],
    }),
  ),
);

test("steps without private wires repeat too", () => {
  for (const k of [2, 3, 7]) {
    const { r1cs } = repeatStep(COUNTER, k);
    checkStructure(r1cs);
    const zs = Array.from({ length: k }, (_, n) =>
      elementsToBytes([1n, BigInt(n + 6), BigInt(n + 5)]),
    );
    const z = repeatAssignment(zs, 1);
    expect(firstViolation(r1cs, z)).toBeUndefined();
    z[32]! ^= 1; // the last state
    expect(firstViolation(r1cs, z)).toMatchObject({ row: k - 1 });
  }
});
