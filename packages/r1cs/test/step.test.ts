import { parseR1CS, parseSym, stepCircuit, wireName } from "@foldmesh/r1cs";
import { describe, expect, test } from "vitest";
import { encodeFile } from "./r1cs-file.ts";
import { expectRefused } from "./refused.ts";

/** A .sym file whose signals are all wires, in order. */
const symOf = (...names: string[]) =>
  parseSym(names.map((name, i) => `${i + 1},${i + 1},0,main.${name}\n`).join(""));

const circuitOf = (outputs: number, publicInputs: number, privateInputs = 0) =>
  parseR1CS(encodeFile({ outputs, publicInputs, privateInputs, wires: 12, constraints: [] }));

describe("a step circuit", () => {
  test.each([1, 2, 3, 4])("may have a state of %i", (a) => {
    expect(stepCircuit(circuitOf(a, a)).stateSize).toBe(a);
  });

  test("with names", () => {
    const sym = symOf("step_out[0]", "step_out[1]", "step_in[0]", "step_in[1]", "w");
    expect(stepCircuit(circuitOf(2, 2, 1), sym).stateSize).toBe(2);
  });
});

describe("what is no step circuit is told what to write", () => {
  test.each([
    ["no state", circuitOf(0, 0), undefined, /the state has 0 elements/],
    ["a state of five", circuitOf(5, 5), undefined, /5 elements, it may have 1 to 4/],
    ["sizes that differ", circuitOf(2, 1), undefined, /step_out has 2 elements and step_in 1/],
    ["nothing public", circuitOf(1, 0, 1), undefined, /is `\{public \[step_in\]\}` missing\?/],
    [
      "step_in private",
      circuitOf(1, 0, 1),
      symOf("step_out[0]", "step_in[0]"),
      /step_in is not public: write `component main \{public \[step_in\]\}/,
    ],
    [
      "another public input",
      circuitOf(1, 2),
      symOf("step_out[0]", "step_in[0]", "key[0]"),
      /key\[1\] is another public input/,
    ],
    [
      "another output",
      circuitOf(2, 1),
      symOf("step_out[0]", "sum", "step_in[0]"),
      /sum is another output/,
    ],
    ["other names", circuitOf(1, 1), symOf("out[0]", "in[0]"), /no public input step_in/],
    [
      "two dimensions",
      circuitOf(2, 2),
      symOf("step_out[0][0]", "step_out[1][0]", "step_in[0]", "step_in[1]"),
      /step_out\[2\]\[1\] must have one dimension/,
    ],
    ["no array", circuitOf(1, 1), symOf("step_out", "step_in"), /must have one dimension/],
  ] as const)("%s", (_, r1cs, sym, message) => {
    expectRefused(() => stepCircuit(r1cs, sym), "CONVENTION", message);
  });
});

describe("a .sym file", () => {
  test("names wires by their first signal", () => {
    const sym = parseSym("1,1,3,main.out\n2,-1,3,main.gone\n3,2,2,main.c.in[0]\n4,2,1,main.d.x\n");
    expect([0, 1, 2, 3].map((wire) => wireName(sym, wire))).toEqual([
      "1",
      "out",
      "c.in[0]",
      "wire 3",
    ]);
  });

  test.each(["1,1,0", "x,1,0,main.a", "2,1,0,main.a", "1,4294967295,0,main.a", "1,1,0,main.a b"])(
    "with the line %s is refused",
    (line) => {
      expectRefused(() => parseSym(line), "MALFORMED", /line 1 of the \.sym file/);
    },
  );
});
