// A proof file's header is a stranger's claim: what it cannot hold is refused before anything is derived
// from it. The cache directory does not exist here, so that a verifier that goes on fails at once.

import { Fp } from "@foldmesh/algebra";
import { MatrixBuilder, type Program, type R1CS, type Row } from "@foldmesh/r1cs";
import { describe, expect, test } from "vitest";
import {
  type ProofForm,
  type Verdict,
  type VerifyRequest,
  encodeProof,
  verifyProof,
} from "../src/index.ts";

const DIGEST = "ab".repeat(32);
const CACHE_DIR = "/dev/null/no-directory";

/** out = in² with as many private wires and rows as wanted: the only things a header is compared with. */
function programOf(privateWires: number, rows = 1): Program {
  const columns = 3 + privateWires;
  const matrix = (row: Row) => {
    const builder = new MatrixBuilder();
    for (let x = 0; x < rows; x++) builder.push(row);
    return builder.build(columns);
  };
  const r1cs: R1CS = {
    field: Fp,
    columns,
    publicCount: 3,
    A: matrix([[2, 1n]]),
    B: matrix([[2, 1n]]),
    C: matrix([[1, 1n]]),
  };
  return { digest: DIGEST, step: { stateSize: 1, r1cs } } as unknown as Program;
}

const MEGABYTE = new Uint8Array(2 ** 20);

interface Claim {
  readonly form?: ProofForm;
  readonly stepsPerLeaf?: number;
  readonly context?: bigint;
  readonly programDigest?: string;
}

function verdict(program: Program, claim: Claim, request: Partial<VerifyRequest> = {}) {
  const file = {
    programDigest: DIGEST,
    stepsPerLeaf: 1,
    context: 0n,
    form: "node",
    body: MEGABYTE,
    ...claim,
  } as const;
  const proof = encodeProof(file);
  return verifyProof({ program, proof, cacheDir: CACHE_DIR, ...request });
}

function refusal(found: Verdict): Extract<Verdict, { ok: false }> {
  if (found.ok) throw new Error("it was accepted");
  return found;
}

const refused = (failure: string): Verdict => ({
  ok: false,
  failures: [failure],
  statement: null,
  ms: 0,
});
const TOO_MANY = refused("steps per leaf: more than a proof of this size can hold");

describe("a claim of more steps per leaf than the file can hold", () => {
  test.each([
    ["all that 32 bits can say", 2 ** 32 - 1, 3],
    ["where a step has no private wire at all", 2 ** 32 - 1, 0],
    ["just too many private wires", 2 ** 12 + 1, 3],
    ["just too many states between steps", 2 ** 14 + 2, 0],
  ])("%s", async (_, stepsPerLeaf, privateWires) => {
    expect(await verdict(programOf(privateWires), { stepsPerLeaf })).toEqual(TOO_MANY);
  });

  test("more rows than any system has", async () => {
    expect(await verdict(programOf(1, 2 ** 10), { stepsPerLeaf: 2 ** 12 })).toEqual(TOO_MANY);
  });
});

describe("a compressed proof's claim of steps per leaf, of which its size says nothing", () => {
  const claim = { form: "compressed", stepsPerLeaf: 2 ** 18 } as const;

  test("beyond what the planner makes", async () => {
    const { failures } = refusal(await verdict(programOf(1), claim));
    expect(failures[0]).toMatch(/more than the planner makes/);
  });

  test("other than expected", async () => {
    const failure = "steps per leaf: the proof is of leaves of 262144, expected 4";
    expect(await verdict(programOf(1), claim, { stepsPerLeaf: 4 })).toEqual(refused(failure));
  });
});

test("a proof of another program", async () => {
  const { failures } = refusal(await verdict(programOf(1), { programDigest: "cd".repeat(32) }));
  expect(failures).toEqual([
    "program: the proof is of program cdcdcdcdcdcdcdcd…, not abababababababab…",
  ]);
});

describe("a proof bound to another context than expected", () => {
  test("a job's where one for any job is asked for", async () => {
    const failure = "context: the proof is of 5, expected 0";
    expect(await verdict(programOf(1), { context: 5n })).toEqual(refused(failure));
  });

  test("another job's, or any job's", async () => {
    for (const context of [0n, 6n, Fp.modulus - 7n]) {
      const failure = `context: the proof is of ${context}, expected 7`;
      expect(await verdict(programOf(1), { context }, { context: 7n })).toEqual(refused(failure));
    }
  });
});

test.each([3, 1.5, -1, Number.NaN])("an expectation of %d steps of leaves of 2", async (steps) => {
  const failure = `statement: steps (leaves of 2 steps cannot make ${steps})`;
  const claim = { stepsPerLeaf: 2 };
  expect(await verdict(programOf(1), claim, { expected: { steps } })).toEqual(refused(failure));
});
