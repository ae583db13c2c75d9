// The GPU's benchmarks as a program of their own: `node gpu-bench.ts [--quick] [names…]`. See pack-gpu-bench.ts.

import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpuBenchmarks, gpuCheck } from "../src/bench/gpu.ts";
import { tableHeader, tableRow } from "../src/bench/print.ts";

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
const options = {
  quick: args.includes("--quick"),
  gpu: true,
  cacheDir: join(tmpdir(), "foldmesh-gpu-bench"),
  signal: new AbortController().signal,
  note: (text: string): void => console.error(text),
};
console.log(tableHeader());
const asked = [...gpuBenchmarks, gpuCheck].filter(({ names: all }) =>
  all.some((name) => names.includes(name)),
);
for (const benchmark of names.length === 0 ? gpuBenchmarks : asked) {
  for await (const measurement of benchmark.run(options)) {
    console.log(tableRow(measurement));
    console.error(JSON.stringify(measurement));
  }
}
process.exit(0); // Dawn keeps the process
