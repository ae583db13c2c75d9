// Packs the GPU's benchmarks for a machine on which nothing can be installed: `node pack-gpu-bench.ts DIRECTORY`.
// There, DIRECTORY/run [--quick] [names…] runs them: with this Node, this system's Dawn, the kernels and two programs.

import { chmod, cp, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PROGRAM_FILES } from "@foldmesh/r1cs";
import { programDir } from "@foldmesh/programs";
import { build } from "esbuild";

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("which directory is it to be packed into?");
const OUT = resolve(target);
const ROOT = join(import.meta.dirname, "..", "..", "..");
/** Code refers to its threads' files beside it and to builds above it: one flat directory, two levels down. */
const CODE = join(OUT, "code", "src");

await build({
  entryPoints: [
    "apps/foldmesh/scripts/gpu-bench.ts",
    "apps/foldmesh/src/bench/job-child.ts",
    "apps/foldmesh/src/bench/msm-rank.ts",
    "packages/prover/src/deriver.ts",
    "packages/prover/src/preparer.ts",
    "packages/prover/src/worker.ts",
    "packages/r1cs/src/node/witness-worker.ts",
  ].map((path) => ({ in: join(ROOT, path), out: path.split("/").at(-1)!.replace(/\.ts$/, "") })),
  outdir: CODE,
  outExtension: { ".js": ".ts" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2024",
  external: ["piscina", "webgpu", "circom2"],
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  logLevel: "warning",
});
await writeFile(join(OUT, "package.json"), '{ "type": "module" }\n');
await cp(join(ROOT, "packages/algebra/build"), join(OUT, "build"), { recursive: true });
for (const name of ["minroot", "sha256"] as const) {
  for (const file of ["program.json", ...PROGRAM_FILES]) {
    await cp(join(programDir(name), file), join(OUT, "code", "build", name, file));
  }
}
const modules = join(OUT, "node_modules");
await copyModule("packages/prover", "piscina", []);
await copyModule("packages/webgpu", "webgpu", [`dist/${process.platform}-${process.arch}`]);
await cp(process.execPath, join(OUT, "node"));
await writeFile(
  join(OUT, "run"),
  '#!/bin/sh\nexec "$(dirname "$0")/node" "$(dirname "$0")/code/src/gpu-bench.ts" "$@"\n',
);
await chmod(join(OUT, "run"), 0o755);

/** A package as `from` has it; with `parts`, only those folders and the files on top. */
async function copyModule(from: string, name: string, parts: readonly string[]): Promise<void> {
  const source = await realpath(join(ROOT, from, "node_modules", name));
  const to = join(modules, name);
  await mkdir(dirname(to), { recursive: true });
  if (parts.length === 0) return cp(source, to, { recursive: true });
  for (const file of ["package.json", "index.js"]) await cp(join(source, file), join(to, file));
  for (const part of parts) await cp(join(source, part), join(to, part), { recursive: true });
}
