import { Fp } from "@foldmesh/algebra";
import { R1CSError, checkJobInput, parseJobInput, stepCount, stepInputs } from "@foldmesh/r1cs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caught, expectRefused } from "./refused.ts";

const P = Fp.modulus;

describe("INPUT.json", () => {
  test("with steps", () => {
    const input = parseJobInput(
      '{"z0": ["1", 2], "steps": [{"a": "0x10", "b": [[1], ["2"]]}, {}]}',
    );
    expect(input.z0).toEqual([1n, 2n]);
    expect(stepCount(input)).toBe(2);
    expect({ ...stepInputs(input, 0) }).toEqual({ a: 16n, b: [[1n], [2n]] });
  });

  test("with a count", () => {
    const input = parseJobInput({ z0: ["7"], count: 1000 });
    expect(input).toEqual({ z0: [7n], count: 1000 });
    expect([stepCount(input), stepInputs(input, 5)]).toEqual([1000, {}]);
  });

  test("reads every element of the field, in decimal and hexadecimal", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: P - 1n }), (x) => {
        const { z0 } = parseJobInput({ z0: [`${x}`, `0x${x.toString(16)}`], count: 1 });
        expect(z0).toEqual([x, x]);
      }),
    );
  });

  test.each([
    ["nothing", "", "INPUT", /not JSON/],
    ["a list", "[]", "INPUT", /must be an object .* it is an array/],
    ["no z0", '{"count": 1}', "INPUT", /z0 must be an array of 1 to 4/],
    ["z0 missing from an object", "{}", "INPUT", /z0 .* it is missing/],
    ["control characters", '{"z0": ["\\u001b[31m"], "count": 1}', "INPUT", /it is "\\u001b\[31m"$/],
    ["a key of control characters", '{"\\u0007": 1}', "INPUT", /has "\\u0007"; z0/],
    ["z0 of five", '{"z0": [1,2,3,4,5], "count": 1}', "INPUT", /it has 5 elements/],
    ["neither", '{"z0": [1]}', "INPUT", /either "steps"/],
    ["both", '{"z0": [1], "steps": [{}], "count": 1}', "INPUT", /either "steps"/],
    ["an unknown key", '{"z0": [1], "count": 1, "zn": [2]}', "INPUT", /has "zn"/],
    ["no steps", '{"z0": [1], "steps": []}', "INPUT", /at least one/],
    [
      "a step that is no object",
      '{"z0": [1], "steps": [3]}',
      "INPUT",
      /steps\[0\] must be an object/,
    ],
    ["count 0", '{"z0": [1], "count": 0}', "INPUT", /positive integer/],
    ["count 1.5", '{"z0": [1], "count": 1.5}', "INPUT", /positive integer/],
    ["count 2^33", '{"z0": [1], "count": 8589934592}', "TOO_LARGE", /steps/],
    ["step_in", '{"z0": [1], "steps": [{"step_in": [1]}]}', "INPUT", /comes from z0/],
    [
      "a negative",
      '{"z0": [1], "steps": [{"a": [0, -5]}]}',
      "INPUT",
      new RegExp(`steps\\[0\\]\\.a\\[1\\] is negative; .*"${P - 5n}"`),
    ],
    ["p", `{"z0": ["${P}"], "count": 1}`, "INPUT", /z0\[0\] is not below the prime/],
    [
      "an unsafe number",
      '{"z0": [1], "steps": [{}, {"a": {"b": [9007199254740993]}}]}',
      "INPUT",
      /steps\[1\]\.a\.b\[0\] is a number beyond 2\^53.*quote it/,
    ],
    ["a fraction", '{"z0": [0.5], "count": 1}', "INPUT", /must be an integer/],
    ["a boolean", '{"z0": [true], "count": 1}', "INPUT", /it is a boolean/],
    ["null", '{"z0": [null], "count": 1}', "INPUT", /it is null/],
    ["words", '{"z0": ["12a"], "count": 1}', "INPUT", /it is "12a"/],
    ["an empty string", '{"z0": [""], "count": 1}', "INPUT", /z0\[0\]/],
    ["a long string", `{"z0": ["${"1".repeat(1000)}"], "count": 1}`, "INPUT", /1000 digits/],
    ["a bad name", '{"z0": [1], "steps": [{"a b": 1}]}', "INPUT", /cannot name a signal/],
    [
      "deep nesting",
      `{"z0": [1], "steps": [{"a": ${"[".repeat(99)}${"]".repeat(99)}}]}`,
      "INPUT",
      /nested deeper/,
    ],
  ] as const)("with %s is refused", (_, text, code, message) => {
    expectRefused(() => parseJobInput(text), code, message);
  });

  test("a name from Object's prototype is a name like others", () => {
    const input = parseJobInput('{"z0": [1], "steps": [{"__proto__": 1, "constructor": 2}]}');
    expect(Object.entries(stepInputs(input, 0))).toEqual([
      ["__proto__", 1n],
      ["constructor", 2n],
    ]);
  });

  test("any JSON gives an input or a typed error", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (z0, steps) => {
        const thrown = caught(() => parseJobInput({ z0, steps }));
        expect(thrown === undefined || thrown instanceof R1CSError).toBe(true);
      }),
    );
  });
});

describe("private inputs are checked against the program's before any work", () => {
  const signals = [
    { name: "step_in", size: [1] },
    { name: "w", size: [2, 2] },
    { name: "k", size: [] },
  ];
  const good = '{"w": [[1, 2], [3, 4]], "k": 5}';
  const check = (steps: string): void =>
    checkJobInput(parseJobInput(`{"z0": [1], "steps": [${good}, ${steps}]}`), signals);

  test("and pass where they fit", () => {
    check('{"k": [5], "w": [1, 2, 3, 4]}');
    checkJobInput(parseJobInput('{"z0": [1], "count": 3}'), signals.slice(0, 1));
    checkJobInput(parseJobInput('{"z0": [1], "steps": [{}, {}]}'), signals.slice(0, 1));
  });

  test.each([
    ["{}", /^step 1: the input w\[2\]\[2\] is missing$/],
    ['{"w": [1, 2, 3, 4]}', /^step 1: the input k is missing$/],
    [`{"w": [1, 2, 3], "k": 1}`, /takes 4 value\(s\), 3 were given/],
    [`{"w": [1, 2, 3, 4], "k": 1, "j": 1}`, /no input "j"; its private inputs are w\[2\]\[2\], k/],
  ])("%s is refused", (step, message) => {
    expectRefused(() => check(step), "INPUT", message);
  });

  test("a count is refused where there are private inputs", () => {
    const input = parseJobInput('{"z0": [1], "count": 3}');
    expectRefused(
      () => checkJobInput(input, signals),
      "INPUT",
      /private inputs \(w\[2\]\[2\], k\): give them by "steps"/,
    );
  });
});
