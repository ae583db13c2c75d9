import { connect } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { startNetwork } from "./src/demo/processes.ts";
import { jobInput } from "./src/bench/job-input.ts";
import { JOB_SIZES } from "./src/bench/measure-job.ts";
const spec = { ...JOB_SIZES[17], leaves: 16, threads: 2, shards: 2 } as any;
const signal = new AbortController().signal;
const cacheDir = process.argv[2]!;
const network = await startNetwork({
  broker: { name: "broker", args: ["--role", "broker", "--threads", "1"], config: { broker: { stepsPerLeaf: spec.stepsPerLeaf, compress: true } } },
  members: [0, 1].map((i) => ({ name: `prover-${i}`, args: ["--role", "prover,aggregator", "--threads", "1"] })),
  cacheDir, signal, onStarted: () => {},
} as any);
const client = await connect({ dial: network.broker.addresses[0]!, signal });
const program = await readBundle(programDir(spec.program));
console.log(spec);
for (const leaves of [2, 16, 16]) {
  const start = Date.now();
  const { job } = await client.submit({ program, input: jobInput({ ...spec, leaves }), maxPrice: 10n ** 15n, deadline: Date.now() + 600000 });
  await client.result(job);
  const end = Date.now();
  console.log("==", leaves, end - start);
  if (leaves === 16) for await (const { at, event } of client.watch(job)) {
    const e = event as any;
    if (["progress", "executed"].includes(e.kind) && e.done % 4) continue;
    console.log(at - start, e.kind, e.task ?? "", e.peer?.slice(-4) ?? "", e.done ?? "", e.range ? JSON.stringify(e.range) : "", e.ms ?? "", e.sold ? e.sold.map((s: any) => s.task + ">" + s.peer.slice(-4)).join(",") : e.lots ? e.lots.map((l: any) => l.task).join(",") : "");
  }
}
await client.close(); await network.stop();
