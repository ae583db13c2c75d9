import { Fp } from "@foldmesh/algebra";
import { MATRICES, R1CSError, checkStructure, parseR1CS, rowOf } from "@foldmesh/r1cs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SQUARE, encodeFile } from "./r1cs-file.ts";
import { caught, expectRefused } from "./refused.ts";

const MINUS_ONE = Fp.modulus - 1n;

describe("a valid file", () => {
  test("gives matrices, counts and public columns", () => {
    const r1cs = parseR1CS(encodeFile());
    checkStructure(r1cs);
    expect(r1cs).toMatchObject({ columns: 4, publicCount: 3 });
    expect(r1cs.header).toMatchObject({ wires: 4, outputs: 1, publicInputs: 1, labels: 4 });
    expect(MATRICES.map((name) => rowOf(r1cs[name], 0))).toEqual([
      [[2, 1n]],
      [[2, 1n]],
      [
        [1, 1n],
        [3, MINUS_ONE],
      ],
    ]);
  });

  test.each([
    [["header", "constraints", "map"]],
    [["map", "unknown", "header", "unknown", "constraints"]],
    [["header", "constraints"]],
  ] as const)("may order its sections as %s", (order) => {
    expect(parseR1CS(encodeFile({ order }))).toEqual(parseR1CS(encodeFile()));
  });

  test("is made canonical: sorted, equal wires added, coefficients reduced, zeros dropped", () => {
    const messy = [
      [3, 5n],
      [1, Fp.modulus + 2n],
      [3, 6n],
      [2, 0n],
      [0, MINUS_ONE],
      [0, 1n],
    ] as const;
    const r1cs = parseR1CS(encodeFile({ constraints: [[messy, [], []]] }));
    checkStructure(r1cs);
    expect(rowOf(r1cs.A, 0)).toEqual([
      [1, 2n],
      [3, 11n],
    ]);
  });
});

describe("a bad file is refused", () => {
  const tooMany = 2 ** 32 - 1;
  test.each([
    [
      "another magic",
      encodeFile({ magic: "wtns" }),
      "MALFORMED",
      /begin with "r1cs", and begins with "wtns"/,
    ],
    ["another version", encodeFile({ version: 2 }), "UNSUPPORTED", /version 2; version 1/],
    ["another prime", encodeFile({ prime: Fp.modulus + 2n }), "UNSUPPORTED", /--prime bn128/],
    [
      "custom gates",
      encodeFile({ order: ["header", "constraints", "map", "customGates"] }),
      "UNSUPPORTED",
      /custom gates/,
    ],
    [
      "no header",
      encodeFile({ order: ["constraints"] }),
      "MALFORMED",
      /one header section, found 0/,
    ],
    [
      "two headers",
      encodeFile({ order: ["header", "header", "constraints"] }),
      "MALFORMED",
      /found 2/,
    ],
    [
      "a wire out of range",
      encodeFile({ constraints: [[[[4, 1n]], [], []]] }),
      "MALFORMED",
      /constraint 0 uses wire 4 of 4/,
    ],
    ["fewer wires than public signals", encodeFile({ outputs: 9 }), "MALFORMED", /9 outputs/],
    [
      "overflowing public counts",
      encodeFile({ outputs: tooMany, publicInputs: tooMany }),
      "MALFORMED",
      /among only 4 wires/,
    ],
    [
      "too many wires",
      encodeFile({ wires: tooMany, order: ["header", "constraints"] }),
      "TOO_LARGE",
      /4294967295 wires/,
    ],
    [
      "too many constraints",
      encodeFile({ declaredConstraints: tooMany }),
      "TOO_LARGE",
      /constraints/,
    ],
    [
      "more constraints than bytes",
      encodeFile({ declaredConstraints: 2 ** 24 }),
      "MALFORMED",
      /cannot hold them/,
    ],
    [
      "fewer constraints than bytes",
      encodeFile({ declaredConstraints: 0 }),
      "MALFORMED",
      /after its end/,
    ],
    [
      "wires that nothing uses and nobody names",
      encodeFile({ wires: 2 ** 20, order: ["header", "constraints"] }),
      "MALFORMED",
      /1048576 wires, \d factors cannot use them all/,
    ],
    ["a short wire map", encodeFile({ wires: 5000 }), "MALFORMED", /wire map/],
    ["nothing", new Uint8Array(0), "MALFORMED", /not a \.r1cs file/],
  ] as const)("%s", (_, bytes, code, message) => {
    expectRefused(() => parseR1CS(bytes), code, message);
  });

  test("truncated anywhere", () => {
    const whole = encodeFile();
    for (let length = 0; length < whole.length; length++) {
      expectRefused(() => parseR1CS(whole.slice(0, length)), "MALFORMED", /./);
    }
  });

  test("with bytes after its end", () => {
    const longer = new Uint8Array([...encodeFile(), 0]);
    expectRefused(() => parseR1CS(longer), "MALFORMED", /1 bytes after its end/);
  });
});

test("changed bytes are refused with a typed error or give a sound structure", () => {
  const whole = encodeFile({ constraints: [...SQUARE.constraints, ...SQUARE.constraints] });
  const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice();
      for (const { at, byte } of changes) bytes[at] = byte;
      const thrown = caught(() => checkStructure(parseR1CS(bytes)));
      expect(thrown === undefined || thrown instanceof R1CSError).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
