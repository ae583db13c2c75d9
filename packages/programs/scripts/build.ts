// Compiles every circuit into build/<name>. A cached turbo task: `pnpm exec turbo run programs`.

import { fileURLToPath } from "node:url";
import { buildProgram } from "@foldmesh/r1cs/node";
import { PROGRAM_NAMES, type ProgramName, programDir } from "../src/program-dir.ts";

await Promise.all(PROGRAM_NAMES.map(build));

async function build(name: ProgramName): Promise<void> {
  const source = fileURLToPath(new URL(`../circuits/${name}.circom`, import.meta.url));
  const { manifest } = await buildProgram({ source, out: programDir(name) });
  console.log(`${name}: ${manifest.constraints} constraints, ${manifest.wires} wires`);
}
