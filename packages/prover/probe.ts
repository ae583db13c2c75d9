import { loadProgram } from "@foldmesh/r1cs/node";
import { proveJob, verifyProof } from "./src/index.ts";
const name = process.argv[2] ?? "minroot";
const count = Number(process.argv[3] ?? 4);
const K = process.argv[4] ? Number(process.argv[4]) : undefined;
const program = await loadProgram(new URL(`../programs/build/${name}`, import.meta.url).pathname);
const a = program.step.stateSize;
const t = performance.now();
const r = await proveJob({
  program,
  input: { z0: Array.from({ length: a }, (_, i) => BigInt(i + 1)), count },
  threads: 2,
  cacheDir: "/tmp/fmcache",
  ...(K ? { stepsPerLeaf: K } : {}),
  onEvent: (e) => console.log(((performance.now() - t) / 1000).toFixed(2), JSON.stringify(e)),
});
console.log(r.statement, r.proof.length, r.plan, (performance.now() - t).toFixed(0));
const v = await verifyProof({
  program,
  proof: r.proof,
  cacheDir: "/tmp/fmcache",
  expected: { steps: count },
});
console.log(v, process.memoryUsage().rss / 1e6);
