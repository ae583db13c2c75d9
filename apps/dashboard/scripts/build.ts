// Bundles the page into build/: two scripts, the kernels and the bundled programs. Everything it needs is there.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programDir } from "@foldmesh/programs";
import { PROGRAM_FILES } from "@foldmesh/r1cs";
import { build } from "esbuild";
import { type Size, sizeOf, verifierSize } from "./sizes.ts";

const HERE = join(import.meta.dirname, "..");
const OUT = join(HERE, "build");
const KERNELS = new URL("../build/", import.meta.resolve("@foldmesh/algebra"));
const KERNEL_NAMES = ["Fp", "Fq", "G1", "Grumpkin"].flatMap((name) =>
  ["fma51", "int29"].map((backend) => `${name}-${backend}`),
);
/** Programs that anybody can try at once. */
const PROGRAMS = ["minroot"] as const;

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
await build({
  entryPoints: {
    page: join(HERE, "src/page/main.ts"),
    verifier: join(HERE, "src/page/verifier-worker.ts"),
  },
  outdir: OUT,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2024",
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
});
await cp(join(HERE, "assets"), OUT, { recursive: true });
for (const name of [...KERNEL_NAMES, "msm"]) {
  await cp(new URL(`${name}.wasm`, KERNELS), join(OUT, "kernels", `${name}.wasm`));
}
for (const program of PROGRAMS) {
  for (const file of ["program.json", ...PROGRAM_FILES]) {
    await cp(join(programDir(program), file), join(OUT, "programs", program, file));
  }
}
await writeFile(join(OUT, "sizes.json"), `${JSON.stringify(await sizes(), null, 2)}\n`);

/** Bytes of what a visitor loads, plain and compressed. */
async function sizes(): Promise<Record<string, Size>> {
  const names = ["page.js", "verifier.js", "kernels/Fp-fma51.wasm"];
  const entries = names.map(async (name) => {
    return [name, await sizeOf(await readFile(join(OUT, name)))] as const;
  });
  return {
    ...Object.fromEntries(await Promise.all(entries)),
    "client/verify": await verifierSize({ pairings: true }),
    "client/verify without pairings": await verifierSize({ pairings: false }),
  };
}
