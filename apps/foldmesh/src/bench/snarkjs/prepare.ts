// Everything that is made once before anything is measured, and kept in the cache: the unrolled circuit, its setup in
// snarkjs, our verifying keys.

import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { MINROOT_ROUNDS, circuitFile, programDir } from "@foldmesh/programs";
import type { Program } from "@foldmesh/r1cs";
import { buildProgram, loadProgram } from "@foldmesh/r1cs/node";
import { buildBn128 } from "ffjavascript";
import { plonk, zKey } from "snarkjs";
import type { BenchmarkOptions } from "../benchmark.ts";
import { type PtauSizes, writeUnsafePtau } from "./unsafe-ptau.ts";

export interface Prepared {
  /** Our program: one step. */
  readonly step: Program;
  /** The same computation as one circuit, which snarkjs proves. */
  readonly whole: Program;
  readonly wasm: string;
  readonly ptau: string;
  readonly groth16: string;
  readonly plonk: string;
}

/** @param steps of minroot, unrolled into one circuit */
export async function prepareBench(
  steps: number,
  sizes: PtauSizes,
  { cacheDir, note, signal }: BenchmarkOptions,
): Promise<Prepared> {
  const dir = join(cacheDir, `bench-snarkjs-v1-${steps}`);
  await mkdir(dir, { recursive: true });
  const once = async (name: string, make: (path: string) => Promise<unknown>): Promise<string> => {
    const path = join(dir, name);
    if (await stat(path).catch(() => null)) return path;
    note(`making ${name}, once`);
    await make(`${path}.part`);
    await rename(`${path}.part`, path);
    return path;
  };
  const source = await once("whole.circom", async (path) => {
    const text = await readFile(circuitFile("minroot"), "utf8");
    const call = `MinRoot(${MINROOT_ROUNDS})`;
    await writeFile(path, text.replace(call, `MinRoot(${MINROOT_ROUNDS * steps})`));
  });
  const built = await once("whole", (out) =>
    buildProgram({ source, out, name: "whole", signal, timeLimitMs: 600_000 }),
  );
  const r1cs = join(built, "step.r1cs");
  const ptau = await once("unsafe.ptau", async (path) => {
    const curve = await buildBn128(false);
    await writeUnsafePtau(path, await createEngine({ load: readModules }), curve, sizes);
  });
  return {
    step: await loadProgram(programDir("minroot")),
    whole: await loadProgram(built),
    wasm: join(built, "step.wasm"),
    ptau,
    groth16: await once("groth16.zkey", (path) => zKey.newZKey(r1cs, ptau, path)),
    plonk: await once("plonk.zkey", (path) => plonk.setup(r1cs, ptau, path)),
  };
}
