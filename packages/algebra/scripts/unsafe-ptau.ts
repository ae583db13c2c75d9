// Writes powers of a random tau made on this machine: node scripts/unsafe-ptau.ts OUT POWER. UNSAFE FOR PRODUCTION,
// for tests and trials only: whoever makes them alone can keep tau, and prove whatever he likes.

import { writeFile } from "node:fs/promises";
import { Fp, createEngine, secureRng } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePtau } from "@foldmesh/algebra/unsafe-setup";

const [out, power] = process.argv.slice(2);
if (out === undefined || !/^\d+$/.test(power ?? "")) {
  process.stderr.write("usage: node scripts/unsafe-ptau.ts OUT POWER\n");
  process.exit(2);
}
const engine = await createEngine({ load: readModules });
await writeFile(out, await unsafePtau(engine, secureRng().element(Fp), Number(power)));
