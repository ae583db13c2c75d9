// Runs in a browser's worker: a commitment by the GPU engine and by the kernels alone.

import {
  type Engine,
  G1,
  createEngine,
  fetchModules,
  generators,
  pointsToBytes,
} from "@foldmesh/algebra";
import { DeviceMSM, type GpuEvent, gpuMSM, noRecords, openDevice } from "@foldmesh/webgpu";

const POINTS = 1024;
const load = fetchModules(new URL("/kernels/", self.location.href));

self.postMessage(await answer());

async function answer(): Promise<object> {
  const events: string[] = [];
  const onEvent = (event: GpuEvent): void => {
    events.push(event.type === "commit" ? event.on : `${event.type} ${detail(event)}`);
  };
  const open = async (): Promise<DeviceMSM> =>
    DeviceMSM.open(await openDevice(navigator.gpu, { deadline: 300_000 }), noRecords);
  const costs = { cpuPerUnit: 1, gpuFixed: 0, gpuPerPoint: 0 };
  const gpu = await createEngine({
    load,
    msm: (context) => gpuMSM(context, { open, costs, onEvent }),
  });
  const cpu = await createEngine({ load });
  const started = performance.now();
  const sums = [await commit(gpu), await commit(cpu)].map(String);
  return { same: sums[0] === sums[1], events, ms: performance.now() - started };
}

function detail(event: GpuEvent): string {
  if (event.type === "failed") return event.error.message;
  return event.type === "opened" ? event.layout : "";
}

function commit(engine: Engine): Promise<unknown> {
  const [blinding] = generators(G1, "h", 1);
  const bases = generators(G1, "w", 16);
  const many = Array.from({ length: POINTS }, (_, i) => bases[i % bases.length]!);
  const key = engine.commitmentKey(G1, pointsToBytes(many), blinding!);
  return engine.scope(() => engine.commit(key, engine.Fp.powers(3n ** 100n, POINTS), 7n));
}
