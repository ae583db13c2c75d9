import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  type Curve,
  G1,
  Grumpkin,
  POINT_BYTES,
  type Point,
  elementsToBytes,
  generators,
  pointsFromBytes,
  pointsToBytes,
} from "@foldmesh/algebra";
import {
  type Device,
  DeviceMSM,
  LAYOUTS,
  type MSMStage,
  bytesMoved,
  layoutName,
  measureLayouts,
  multiplications,
  planMSM,
} from "@foldmesh/webgpu";
import { fileRecords, openNodeDevice } from "@foldmesh/webgpu/node";
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "./benchmark.ts";
import { randomElements } from "./engine.ts";
import { JOB_SIZES, measureJob } from "./measure-job.ts";
import { threadedMSM } from "./msm-engine.ts";
import { leastTimes, median } from "./timing.ts";

const TURNS = 3;

/** Not among "all": they need a GPU, or take long without. */
export const gpuBenchmarks: readonly Benchmark[] = [
  {
    names: ["gpu-multiply"],
    about: "products in F_q for each layout of limbs, millions a second",
    run: (options) => measureProducts(options),
  },
  {
    names: ["gpu-msm-g1", "gpu-msm-grumpkin"],
    about: "Σ kᵢ·Gᵢ on the GPU against this machine's processor with all cores",
    run: (options) => measureMSMs(options),
  },
  {
    names: ["gpu-leaf", "gpu-merge", "gpu-job"],
    about: "leaves, merges and a whole job with the GPU against without, all cores",
    run: (options) => measureJobs(options),
  },
];

/** To be asked for by name: hardware's shaders take a software device minutes to compile. */
export const gpuCheck: Benchmark = {
  names: ["gpu-check"],
  about:
    "commitments to 2^10 elements in every layout of limbs, compared with the processor's; ms of the first",
  run: (options) => checkLayouts(options),
};

const open = (): Promise<Device> => openNodeDevice("");

async function* measureProducts({ quick, note }: BenchmarkOptions): AsyncGenerator<Measurement> {
  using device = await open();
  note(`gpu: ${device.facts.description}`);
  const styles = device.facts.software || quick ? ["looped"] : ["looped", "unrolled"];
  const speeds = await measureLayouts(
    device,
    LAYOUTS.filter(({ style }) => styles.includes(style)),
  );
  for (const { layout, rate } of speeds) {
    const detail = `${(rate / 1e6).toPrecision(3)} M products/s`;
    yield { name: "gpu-multiply", size: layout, threads: 1, ms: 1e9 / rate, detail };
  }
}

async function* measureMSMs(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  using msm = await DeviceMSM.open(await open(), fileRecords(join(options.cacheDir, "gpu")));
  const { device } = msm;
  const logs = sizesFor(device, options.quick);
  options.note(`gpu-msm: ${device.facts.description}, limbs ${layoutName(msm.layout)}`);
  for (const curve of [G1, Grumpkin]) {
    const bases = progression(curve, 2 ** logs.at(-1)!);
    for (const log of logs) {
      yield* measureMSM(msm, curve, bases.subarray(0, 2 ** log * POINT_BYTES), log);
    }
  }
}

function sizesFor({ facts }: Device, quick: boolean): number[] {
  if (facts.software) return quick ? [10] : [12, 14, 18];
  return quick ? [16] : [16, 18, 20];
}

async function* measureMSM(
  msm: DeviceMSM,
  curve: Curve,
  bases: Uint8Array,
  log: number,
): AsyncGenerator<Measurement> {
  const threads = availableParallelism();
  const { software } = msm.device.facts;
  const elements = randomElements(curve.scalar, 2 ** log);
  const scalars = new Uint8Array(elementsToBytes(elements));
  const key = await msm.key(curve, { bytes: bases, R: 1n, offset: 0n });
  await using cpu = await threadedMSM(curve, bases, threads);
  const onCpu = await cpu.load({ elements, bytes: scalars });
  const onGpu = (): Promise<Point | null> => msm.multiply(key, scalars);
  const [there, here] = [await onGpu(), await onCpu()];
  if (String(there) !== String(here))
    throw new Error(`2^${log} on ${curve.name}: the GPU is wrong`);
  const [ms, cpuMs] = await leastTimes([onGpu, onCpu], software ? 1 : TURNS);
  const stages: string[] = [];
  await msm.profile(key, scalars, (stage: MSMStage, took, dispatches) =>
    stages.push(`${stage} ${took.toPrecision(3)} ms in ${dispatches}`),
  );
  const plan = planMSM(2 ** log);
  const products = Math.round(multiplications(plan) / plan.points);
  const moved = (bytesMoved(plan) / 2 ** 20).toFixed(0);
  yield against(
    {
      name: `gpu-msm-${curve.name.toLowerCase()}`,
      size: `2^${log}`,
      threads: 1,
      ms: ms!,
      detail: `${stages.join(", ")} dispatches; ${products} products a point, ${moved} MiB moved`,
    },
    `wasm, ${threads} threads`,
    cpuMs!,
  );
}

const CHECKED = 2 ** 10;

async function* checkLayouts({ note }: BenchmarkOptions): AsyncGenerator<Measurement> {
  for (const layout of LAYOUTS) {
    using msm = new DeviceMSM(await open(), layout);
    for (const curve of [G1, Grumpkin]) {
      note(`gpu-check: ${layoutName(layout)} on ${curve.name}`);
      const bytes = progression(curve, CHECKED);
      // of every kind: full length, equal, 0
      const elements = randomElements(curve.scalar, CHECKED).map((k, i) =>
        i % 4 === 1 ? curve.scalar.modulus - 1n : i % 4 === 2 ? 0n : k,
      );
      const started = performance.now();
      const key = await msm.key(curve, { bytes, R: 1n, offset: 0n });
      const there = await msm.multiply(key, new Uint8Array(elementsToBytes(elements)));
      const ms = performance.now() - started;
      const here = curve.msm(pointsFromBytes(curve, bytes), elements);
      const size = `${layoutName(layout)} ${curve.name}`;
      if (String(there) !== String(here)) throw new Error(`${size}: the GPU is wrong`);
      yield { name: "gpu-check", size, threads: 1, ms, detail: "equal to the processor's" };
    }
  }
}

/** G + i·H for i < n, 64 bytes each: the list doubles, with one inversion for each doubling. */
function progression(curve: Curve, n: number): Uint8Array {
  const [start, step] = generators(curve, "w", 2) as [Point, Point];
  const F = curve.base;
  const points: Point[] = [start];
  let offset = step; // points.length · step
  while (points.length < n) {
    const [x2, y2] = offset;
    const inverses = F.batchInv(points.map(([x]) => F.sub(x2, x)));
    const next = points.map(([x1, y1], i): Point => {
      const slope = F.mul(y2 - y1, inverses[i]!);
      const x3 = F.reduce(slope * slope - x1 - x2);
      return [x3, F.reduce(slope * (x1 - x3) - y1)];
    });
    for (const point of next) points.push(point);
    offset = curve.add(offset, offset)!;
  }
  return pointsToBytes(points.slice(0, n));
}

async function* measureJobs(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  using device = await open();
  const { software } = device.facts;
  const gpu = software ? "any" : "auto";
  const sizes = software || options.quick ? ([15] as const) : ([17, 20] as const);
  const threads = availableParallelism();
  for (const s of sizes) {
    const leaves = s === 20 ? 4 : 8;
    options.note(`gpu-job: ${leaves} leaves at s = ${s}, with and without the GPU`);
    const spec = { ...JOB_SIZES[s], leaves, threads, shards: 1 };
    const without = await measureJob(spec, options);
    await measureJob({ ...spec, gpu }, options); // measures the GPU's costs
    const withGpu = await measureJob({ ...spec, gpu }, options);
    const alone = await measureJob({ ...spec, threads: 1, gpu }, options);
    const peer = `cpu, ${threads} threads`;
    const common = { s: withGpu.logRows, threads };
    const merges = ({ merges: all }: typeof alone): number => median(all.map(({ ms }) => ms));
    const leafMs = median(without.leafMs) / threads;
    yield against(
      { ...common, name: "gpu-leaf", threads: 1, ms: median(alone.leafMs) },
      peer,
      leafMs,
    );
    yield against(
      { ...common, name: "gpu-merge", threads: 1, ms: merges(alone) },
      peer,
      merges(without) / threads,
    );
    yield against(
      { ...common, name: "gpu-job", size: `${leaves} leaves`, ms: withGpu.ms },
      peer,
      without.ms,
    );
  }
}
