import {
  type BackendName,
  type CommitmentKey,
  type Curve,
  G1,
  Grumpkin,
  type Point,
  type WasmEngine,
  attachEngine,
  createEngine,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { type KnownBases, encode, edgeScalars, progression } from "@foldmesh/algebra/testing";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type Costs,
  type Device,
  DeviceMSM,
  type GpuEvent,
  type GpuMSM,
  GpuError,
  type Records,
  gpuMSM,
  noRecords,
} from "../src/index.ts";
import { costsFrom, observeCpu, observeGpu, prefersGpu, weightOf } from "../src/msm/costs.ts";
import { openNodeDevice } from "../src/node.ts";
import { PATIENCE, anyDevice } from "./support.ts";

const probe = await anyDevice();
afterAll(() => probe?.[Symbol.dispose]());

const ALWAYS: Costs = { cpuPerUnit: 1, gpuFixed: 0, gpuPerPoint: 0 };
const NEVER: Costs = { cpuPerUnit: 0, gpuFixed: 1, gpuPerPoint: 1 };
const N = 2 ** 10;

interface Bench {
  readonly events: GpuEvent[];
  /** Commits on the CPU and with the GPU engine; returns both. */
  commit(scalars: readonly bigint[]): Promise<readonly [cpu: Point | null, gpu: Point | null]>;
  /** The same for several at a time. */
  commitAll(
    lists: readonly (readonly bigint[])[],
  ): Promise<readonly [cpu: (Point | null)[], gpu: (Point | null)[]]>;
  /** Where the commitments were done, without those of the CPU engine. */
  places(): string[];
}

interface BenchOptions {
  readonly curve?: Curve;
  readonly n?: number;
  readonly backend?: BackendName;
  readonly costs?: Costs | undefined;
  readonly records?: Records;
  readonly open?: () => Promise<Device>;
}

const openAny = (): Promise<Device> => openNodeDevice("", { deadline: PATIENCE });

const known = new Map<string, KnownBases>();

/** n bases and one more, made once. */
function basesOf(curve: Curve, n: number): KnownBases {
  const name = `${curve.name} ${n}`;
  const bases = known.get(name) ?? progression(curve, n + 1, 3n);
  known.set(name, bases);
  return bases;
}

async function bench(options: BenchOptions = {}): Promise<Bench> {
  const { curve = G1, n = N, backend = "fma51", records, open = openAny } = options;
  const costs = "costs" in options ? options.costs : ALWAYS;
  const events: GpuEvent[] = [];
  const cpu = await createEngine({ load: readModules, backend });
  let msm: GpuMSM | undefined;
  const gpu = attachEngine(cpu.init, (context) => {
    msm = gpuMSM(context, {
      open: async () => DeviceMSM.open(await open(), noRecords),
      costs,
      records,
      onEvent: (event) => events.push(event),
    });
    return msm;
  });
  onTestFinished(() => msm![Symbol.dispose]());
  const key = cpu.commitmentKey(curve, ...encode(basesOf(curve, n)));
  const adopted = gpu.adoptKey(cpu.describeKey(key));
  const on = (
    engine: WasmEngine,
    k: CommitmentKey,
    lists: readonly (readonly bigint[])[],
  ): Promise<(Point | null)[]> =>
    engine.scope(() => {
      const V = engine[curve.scalar.name];
      return Promise.all(lists.map((list) => engine.commit(k, V.fromElements(list), 77n)));
    });
  return {
    events,
    commit: async (scalars) => [
      (await on(cpu, key, [scalars]))[0]!,
      (await on(gpu, adopted, [scalars]))[0]!,
    ],
    commitAll: async (lists) => [await on(cpu, key, lists), await on(gpu, adopted, lists)],
    places: () => events.flatMap((event) => (event.type === "commit" ? [event.on] : [])),
  };
}

const randomScalars = (curve: Curve, n: number): bigint[] => edgeScalars(curve, n)["random"]!;

/** A device on which something goes wrong. */
async function broken(spoil: (handle: GPUDevice) => void, deadline = PATIENCE): Promise<Device> {
  const device = await openNodeDevice("", { deadline });
  spoil(device.handle);
  return device;
}

/** Buffers larger than `bytes` fail as those of a full GPU do. */
function fullAbove(bytes: number): (handle: GPUDevice) => void {
  return (handle) => {
    const [create, pop] = [handle.createBuffer.bind(handle), handle.popErrorScope.bind(handle)];
    let failed = false;
    handle.createBuffer = (descriptor) => {
      failed ||= descriptor.size > bytes;
      return create(descriptor);
    };
    handle.popErrorScope = async () => {
      const error = failed ? ({ message: "injected" } as GPUError) : null;
      failed = false;
      return (await pop()) ?? error;
    };
  };
}

describe("costs", () => {
  test("zero and short scalars weigh less", () => {
    const words = new Uint32Array(8 * 4);
    words.set([5], 8); // one word
    words.set([0, 0, 0, 7], 16); // four words
    words.fill(1, 24); // eight
    expect(weightOf(words)).toBe(13 / 8);
    expect(weightOf(new Uint32Array(80))).toBe(0);
  });

  test("small commitments and those of zeros stay on the CPU", () => {
    const costs = costsFrom(
      [
        { points: 1000, ms: 6 },
        { points: 101_000, ms: 56 },
      ],
      { points: 1000, ms: 3 },
    );
    expect(costs).toMatchObject({ cpuPerUnit: 0.003, gpuPerPoint: 0.0005 });
    expect(costs.gpuFixed).toBeCloseTo(5.5);
    expect(prefersGpu(costs, 1000, 1000)).toBe(false);
    expect(prefersGpu(costs, 10_000, 10_000)).toBe(true);
    expect(prefersGpu(costs, 10_000, 500)).toBe(false);
  });
});

test("what commitments take corrects the costs", () => {
  let costs: Costs = { cpuPerUnit: 0.01, gpuFixed: 1, gpuPerPoint: 0.001 };
  expect(prefersGpu(costs, 10_000, 10_000)).toBe(true);
  for (let k = 0; k < 10; k++) costs = observeGpu(costs, { points: 10_000, ms: 500 });
  expect(costs.gpuFixed + 10_000 * costs.gpuPerPoint).toBeGreaterThan(400);
  expect(prefersGpu(costs, 10_000, 10_000)).toBe(false);
  for (let k = 0; k < 10; k++) costs = observeCpu(costs, 10_000, 1000);
  expect(prefersGpu(costs, 10_000, 10_000)).toBe(true);
});

describe("without a GPU", () => {
  test("commitments are the CPU's, and the reason is told once", async () => {
    const missing = new GpuError("NO_ADAPTER", "no GPU was found");
    const b = await bench({ open: () => Promise.reject(missing) });
    for (const n of [N, N, 5]) {
      const [cpu, gpu] = await b.commit(randomScalars(G1, n));
      expect(gpu).toEqual(cpu);
    }
    expect(b.events.filter(({ type }) => type === "failed")).toEqual([
      { type: "failed", error: missing, final: true },
    ]);
    expect(b.places()).toEqual(["cpu", "cpu", "cpu"]);
  });
});

describe.skipIf(probe === null)("commitments with a GPU", () => {
  test.each([
    ["2^14 on G1", G1, "fma51", 2 ** 14],
    ["2^10 on Grumpkin", Grumpkin, "fma51", N + 9],
    ["2^10 on G1 from 29-bit limbs", G1, "int29", N + 9],
  ] as const)("%s are those of the CPU", async (_, curve, backend, n) => {
    const b = await bench({ curve, backend, n });
    const cases = edgeScalars(curve, n);
    const names = n < 2 * N ? ["random", "all −1", "like a witness", "all zero"] : ["random"];
    for (const name of names) {
      const [cpu, gpu] = await b.commit(cases[name]!);
      expect([name, gpu]).toEqual([name, cpu]);
    }
    const shorter = await b.commit(cases["random"]!.slice(0, N + 2));
    expect(shorter[1]).toEqual(shorter[0]);
    // of weight 0 nothing is left for a GPU
    expect(b.places()).toEqual([...names, ""].map((name) => (name === "all zero" ? "cpu" : "gpu")));
    expect(b.events[0]).toMatchObject({ type: "opened", costs: ALWAYS });
  });

  test("several at a time do not disturb each other", async () => {
    const b = await bench();
    const lists = [1n, 2n, 3n].map((k) => randomScalars(G1, N).map((x) => G1.scalar.mul(x, k)));
    const [cpu, gpu] = await b.commitAll(lists);
    expect(gpu).toEqual(cpu);
  });

  test("costs are measured once and kept; the cheaper place is taken", async () => {
    const kept = new Map<string, string>();
    const records: Records = {
      read: async (name) => kept.get(name) ?? null,
      write: async (name, text) => void kept.set(name, text),
    };
    const scalars = randomScalars(G1, N);
    const first = await bench({ records, costs: undefined });
    await first.commit(scalars);
    const [name] = [...kept.keys()].filter((key) => key.startsWith("costs"));
    expect(JSON.parse(kept.get(name!)!)).toMatchObject({ cpuPerUnit: expect.any(Number) });
    for (const [costs, place] of [
      [ALWAYS, "gpu"],
      [NEVER, "cpu"],
    ] as const) {
      kept.set(name!, JSON.stringify(costs));
      const again = await bench({ records, costs: undefined });
      const [cpu, gpu] = await again.commit(scalars);
      expect(gpu).toEqual(cpu);
      expect(again.places()).toEqual([place]);
    }
  });

  test("a device that is lost in the middle: the CPU does it, the next one is on a new device", async () => {
    let opened = 0;
    const open = (): Promise<Device> =>
      broken((handle) => {
        if (++opened > 1) return;
        const submit = handle.queue.submit.bind(handle.queue);
        let left = 4;
        handle.queue.submit = (commands) => {
          if (left-- === 0) handle.destroy();
          return submit(commands);
        };
      });
    const b = await bench({ open });
    const scalars = randomScalars(G1, N);
    for (let k = 0; k < 4; k++) {
      const [cpu, gpu] = await b.commit(scalars);
      expect(gpu).toEqual(cpu);
    }
    expect(b.events).toContainEqual(expect.objectContaining({ type: "failed", final: false }));
    expect(b.events.find(({ type }) => type === "failed")).toMatchObject({
      error: { code: "LOST" },
    });
    expect(opened).toBe(2);
    expect(b.places().filter((place) => place === "cpu")).toHaveLength(1);
    expect(b.places().at(-1)).toBe("gpu");
  });

  test("a device that does not answer is given up at the deadline, after three times for good", async () => {
    let opened = 0;
    const silent = (handle: GPUDevice): void => {
      opened++;
      const create = handle.createBuffer.bind(handle);
      handle.createBuffer = (descriptor) => {
        const buffer = create(descriptor);
        buffer.mapAsync = () => new Promise(() => {});
        return buffer;
      };
    };
    const b = await bench({ open: () => broken(silent, 300) });
    const scalars = randomScalars(G1, N);
    for (let k = 0; k < 4; k++) {
      const [cpu, gpu] = await b.commit(scalars);
      expect(gpu).toEqual(cpu);
    }
    const failures = b.events.flatMap((event) =>
      event.type === "failed" ? [[event.error.code, event.final]] : [],
    );
    expect(failures).toEqual([
      ["HUNG", false],
      ["HUNG", false],
      ["HUNG", true],
    ]);
    expect(opened).toBe(3);
    expect(b.places()).toEqual(["cpu", "cpu", "cpu", "cpu"]);
  });

  test("where memory does not suffice, smaller pieces; where those do not fit, the CPU", async () => {
    const scalars = randomScalars(G1, 2 * N);
    const halves = await bench({ n: 2 * N, open: () => broken(fullAbove(2 ** 20)) });
    const [cpu, gpu] = await halves.commit(scalars);
    expect(gpu).toEqual(cpu);
    expect(halves.places()).toEqual(["gpu"]);
    const nothing = await bench({ n: 2 * N, open: () => broken(fullAbove(2 ** 10)) });
    const [cpu2, gpu2] = await nothing.commit(scalars);
    expect(gpu2).toEqual(cpu2);
    expect(nothing.events).toMatchObject([
      { type: "failed", error: { code: "OUT_OF_MEMORY" }, final: true },
      { type: "commit", on: "cpu" },
    ]);
  });

  test("a device that computes wrongly is found out before its first result is used", async () => {
    const wrong = (handle: GPUDevice): void => {
      const write = handle.queue.writeBuffer.bind(handle.queue);
      handle.queue.writeBuffer = (buffer, offset, data) => {
        const bytes = new Uint8Array(data as Uint8Array<ArrayBuffer>);
        bytes[70]! ^= 1;
        write(buffer, offset, bytes);
      };
    };
    const b = await bench({ open: () => broken(wrong) });
    const [cpu, gpu] = await b.commit(randomScalars(G1, N));
    expect(gpu).toEqual(cpu);
    expect(b.events[0]).toMatchObject({ type: "failed", error: { code: "INVALID" }, final: false });
  });
});
