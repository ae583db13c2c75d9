// Runs jobs step by step, without proofs, and compares with snarkjs.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Fp, elementsFromBytes } from "@foldmesh/algebra";
import { type ProgramName, programDir } from "@foldmesh/programs";
import {
  type JobInput,
  type Program,
  type StepInputs,
  encodeWTNS,
  firstViolation,
  stepCount,
  stepInputs,
} from "@foldmesh/r1cs";
import { createWitnessRunner, loadProgram } from "@foldmesh/r1cs/node";

const require = createRequire(import.meta.url);

export interface Bench {
  readonly program: Program;
  /** One step's assignment. */
  assign(z: readonly bigint[], inputs: StepInputs): Promise<Uint8Array>;
  /** Runs all steps, each satisfying the circuit; gives zn and the last assignment. */
  runJob(input: JobInput): Promise<{ zn: bigint[]; last: Uint8Array }>;
  close(): Promise<void>;
}

export async function openBench(name: ProgramName): Promise<Bench> {
  const program = await loadProgram(programDir(name));
  const { wasm, inputs, manifest, step } = program;
  const runner = createWitnessRunner({ wasm, inputs, columns: manifest.wires });
  const assign = (z: readonly bigint[], more: StepInputs): Promise<Uint8Array> =>
    runner.run({ ...more, step_in: z });
  const runJob = async (input: JobInput): Promise<{ zn: bigint[]; last: Uint8Array }> => {
    let zn = [...input.z0];
    let last = new Uint8Array();
    for (let i = 0; i < stepCount(input); i++) {
      last = new Uint8Array(await assign(zn, stepInputs(input, i)));
      const violation = firstViolation(step.r1cs, last, program.sym);
      if (violation !== undefined) throw new Error(violation.message);
      zn = elementsFromBytes(last, Fp.modulus).slice(1, 1 + step.stateSize);
    }
    return { zn, last };
  };
  return { program, assign, runJob, close: () => runner.close() };
}

/** The first constraint that `snarkjs wtns check` finds violated; undefined when it finds none. */
export async function snarkjsViolation(
  name: ProgramName,
  assignment: Uint8Array,
): Promise<number | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "foldmesh-wtns-"));
  try {
    const wtns = join(directory, "witness.wtns");
    await writeFile(wtns, encodeWTNS(assignment));
    return await check(join(programDir(name), "step.r1cs"), wtns);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function check(r1cs: string, wtns: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const cli = join(dirname(require.resolve("snarkjs")), "cli.cjs");
  execFile(process.execPath, [cli, "wtns", "check", r1cs, wtns], (error, stdout, stderr) => {
    const violated = /at constraint (\d+)/.exec(stdout)?.[1];
    if (stdout.includes("WITNESS IS CORRECT")) resolve(undefined);
    else if (violated !== undefined) resolve(Number(violated));
    else reject(new Error(`snarkjs said neither yes nor no: ${stdout}${stderr}`, { cause: error }));
  });
  return promise;
}
