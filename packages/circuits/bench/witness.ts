// Times what every start (structure) and every merge (witnesses) pays. Run: node bench/witness.ts
import { digestStructure } from "@foldmesh/r1cs";
import {
  cycleFoldStructure,
  cycleFoldWitness,
  mergeStructure,
  mergeWitness,
} from "../src/index.ts";
import { leafLeafMerge, mergeLeafMerge, slotPoints, testTables } from "../test/vectors.ts";

function timed<T>(name: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  console.log(`${name.padEnd(24)} ${(performance.now() - start).toFixed(1).padStart(7)} ms`);
  return result;
}

const tables = timed("generators and tables", testTables);
const { structure } = timed("mergeStructure(2, 15)", () => mergeStructure(2, 15, tables));
timed("digest of it", () => digestStructure(structure));
timed("cycleFoldStructure", cycleFoldStructure);
const merges = [leafLeafMerge(), mergeLeafMerge()];
for (let run = 0; run < 5; run++) {
  for (const { vk, input, vector } of merges) {
    timed("mergeWitness", () => mergeWitness({ a: 2, s: 15, tables }, vk, input));
    timed("cycleFoldWitness", () => cycleFoldWitness(vector.t, slotPoints(vector)));
  }
}
