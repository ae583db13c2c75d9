// Leaf and merge with a GPU are, byte for byte, those of the processor for the same randomness.

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fp, type MSMFactory, type Rng, type WasmContext, attachEngine } from "@foldmesh/algebra";
import {
  type LeafInit,
  type Setup,
  type TreeNode,
  decodeNode,
  encodeNode,
  mergeNodes,
  proveLeaf,
  verifyNode,
} from "@foldmesh/folding";
import { programDir } from "@foldmesh/programs";
import { repeatAssignment } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import {
  type Device,
  DeviceMSM,
  type GpuEvent,
  GpuError,
  gpuMSM,
  noRecords,
} from "@foldmesh/webgpu";
import { openNodeDevice } from "@foldmesh/webgpu/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { execute, provenanceFrom } from "../src/index.ts";
import { TaskPlaces, placeFor } from "../src/gpu-tasks.ts";
import { gpuInit, reopened } from "../src/gpu.ts";
import { adopt } from "../src/resident.ts";
import { type Prepared, prepare } from "../src/setup.ts";
import { Workers } from "../src/workers.ts";

const TIME = 300_000; // a software device compiles at the first use

const open = (): Promise<Device> => openNodeDevice("", { deadline: TIME });
const device = await open().catch((error: unknown) => {
  if (!(error instanceof GpuError)) throw error;
  console.warn(`no GPU and no lavapipe (.ci/lavapipe installs it): ${error.message}`);
  return null;
});

device?.[Symbol.dispose]();

/** The same elements at every start. */
function repeatable(): Rng {
  let state = 1n;
  const element: Rng["element"] = (field) => {
    state = Fp.reduce(state * 0x9e3779b97f4a7c15f39cc0605cedc835n + 12345n);
    return field.reduce(state * state);
  };
  return { element, elements: (field, n) => Array.from({ length: n }, () => element(field)) };
}

const onCpu = ({ engine, resident }: Prepared, msm?: MSMFactory): Setup =>
  adopt(attachEngine(engine, msm), resident);

async function leavesAndMerge(
  setup: Setup,
  assignments: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const rng = repeatable();
  const [left, right] = [
    await proveLeaf(setup, { i: 0n, assignment: assignments[0]!, pid: 5n, mask: true }, rng),
    await proveLeaf(setup, { i: 1n, assignment: assignments[1]!, pid: 5n, mask: false }, rng),
  ];
  const root = await mergeNodes(setup, left, right, rng);
  return [left, right, root].map((node) => encodeNode(setup.system, node));
}

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("a task's place: what is not known is tried, then the faster one is taken", () => {
  expect(placeFor({})).toBe("gpu");
  expect(placeFor({ gpu: 5 })).toBe("cpu");
  expect(placeFor({ gpu: 5, cpu: 6 })).toBe("gpu");
  expect(placeFor({ gpu: 5, cpu: 4 })).toBe("cpu");
});

describe.skipIf(device === null)("with a GPU", () => {
  let cacheDir: string;
  let prepared: Prepared;
  let assignments: Uint8Array[];
  let plain: Uint8Array[];
  let left: TreeNode;
  let right: TreeNode;

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "foldmesh-gpu-"));
    const program = await loadProgram(programDir("minroot"));
    const plan = { context: 0n, steps: 2, stepsPerLeaf: 1, threads: 2 };
    prepared = await prepare({ program, ...plan, gpu: "any", cacheDir });
    await using executor = execute(program, { z0: [1n, 2n, 0n], count: 2 }, {});
    assignments = [await executor.next(), await executor.next()].map((assignment) =>
      repeatAssignment([assignment], program.step.stateSize),
    );
    const cpu = onCpu(prepared);
    plain = await leavesAndMerge(cpu, assignments);
    [left, right] = [0, 1].map((i) => decodeNode(cpu.system, cpu.permute, plain[i]!)) as [
      TreeNode,
      TreeNode,
    ];
  }, TIME);
  afterAll(() => rm(cacheDir, { recursive: true, force: true }));

  test(
    "a merge whose long commitments are the GPU's is byte for byte the processor's",
    async () => {
      const events: GpuEvent[] = [];
      const setup = onCpu(prepared, (context) => {
        const msm = gpuMSM(context, {
          open: async () => DeviceMSM.open(await open(), noRecords),
          costs: { cpuPerUnit: 1, gpuFixed: 500, gpuPerPoint: 0 }, // the long ones
          onEvent: (event) => events.push(event),
        });
        onTestFinished(() => msm[Symbol.dispose]());
        return msm;
      });
      expect((await leavesAndMerge(setup, assignments)).map(digestOf)).toEqual(plain.map(digestOf));
      const onGpu = events.filter((event) => event.type === "commit" && event.on === "gpu");
      expect(onGpu.length).toBeGreaterThanOrEqual(3);
      expect(events.filter(({ type }) => type === "failed")).toEqual([]);
    },
    TIME,
  );

  test(
    "so is one whose vectors stay on the GPU; a task is checked, timed, and kept where it is faster",
    async () => {
      const kept = new Map<string, string>();
      const records = {
        read: async (name: string) => kept.get(name) ?? null,
        write: async (name: string, text: string) => void kept.set(name, text),
      };
      const engine = attachEngine(prepared.engine);
      const setup = adopt(engine, prepared.resident);
      const openMSM = async (): Promise<DeviceMSM> => DeviceMSM.open(await open(), records);
      const gpu = { open: openMSM, records, serve: () => {} };
      const places = new TaskPlaces(setup, engine, gpu, prepared.resident.sparse);
      onTestFinished(() => places[Symbol.dispose]());
      let verified = 0;
      const rng = repeatable();
      const leaf = (i: number): Promise<TreeNode> =>
        places.run({
          kind: "leaf",
          work: (at) => proveLeaf(at, initOf(i), rng),
          isTrue: async (node) => {
            verified++;
            return (await verifyNode(setup, node)).length === 0;
          },
        });
      const [left, right] = [await leaf(0), await leaf(1)];
      const root = await places.run({
        kind: "merge",
        work: (at) => mergeNodes(at, left, right, rng),
        isTrue: async () => true,
      });
      const made = [left, right, root].map((node) => digestOf(encodeNode(setup.system, node)));
      expect(made).toEqual(plain.map(digestOf));
      expect(verified).toBe(1);
      const range = { start: 7, end: 7 + 1100 };
      const lineage = { kind: "shard", pid: 5n, range, batch: 600 } as const;
      const here = await provenanceFrom(engine, lineage);
      const onCpus: boolean[] = [];
      const there = await places.run({
        kind: "lineage",
        work: ({ engine: at, exclusive }) => {
          onCpus.push(at === engine);
          return exclusive(() => provenanceFrom(at, lineage));
        },
        isTrue: async (provenance) => provenance === here,
      });
      expect([there, onCpus]).toEqual([here, [false]]);
      const [times] = [...kept.values()];
      expect(JSON.parse(times!)).toEqual({ leaf: { gpu: expect.any(Number) } });
    },
    TIME,
  );

  const initOf = (i: number): LeafInit => ({
    i: BigInt(i),
    assignment: assignments[i]!,
    pid: 5n,
    mask: i === 0,
  });

  /** Leaves and merges with a GPU on which something goes wrong. @param commitments whether the processor's are made there */
  function placesOn(
    openDevice: () => Promise<Device>,
    { commitments = false } = {},
  ): {
    readonly tried: string[];
    readonly events: GpuEvent[];
    /** The same draws at every attempt. */
    readonly leaf: (i: number) => Promise<TreeNode>;
    readonly merge: (left: TreeNode, right: TreeNode) => Promise<TreeNode>;
  } {
    const openMSM = reopened(async () => DeviceMSM.open(await openDevice(), noRecords));
    const events: GpuEvent[] = [];
    const onEvent = (event: GpuEvent): void => void events.push(event);
    const costs = { cpuPerUnit: 1, gpuFixed: 500, gpuPerPoint: 0 }; // the long ones
    const msm = commitments
      ? (context: WasmContext) => gpuMSM(context, { open: openMSM, costs, onEvent })
      : undefined;
    const engine = attachEngine(prepared.engine, msm);
    const setup = adopt(engine, prepared.resident);
    const gpu = { open: openMSM, records: noRecords, serve: () => {} };
    const places = new TaskPlaces(setup, engine, gpu, prepared.resident.sparse);
    onTestFinished(() => places[Symbol.dispose]());
    const tried: string[] = [];
    const judge = onCpu(prepared);
    const isTrue = async (node: TreeNode): Promise<boolean> =>
      (await verifyNode(judge, node)).length === 0;
    const trying = <T>(work: (at: Setup) => Promise<T>) => {
      return (at: Setup): Promise<T> => {
        tried.push(at.engine === engine ? "cpu" : "gpu");
        return work(at);
      };
    };
    return {
      tried,
      events,
      leaf: (i) => {
        const work = trying((at) => proveLeaf(at, initOf(i), repeatable()));
        return places.run({ kind: "leaf", work, isTrue });
      },
      merge: (left, right) => {
        const work = trying((at) => mergeNodes(at, left, right, repeatable()));
        return places.run({ kind: "merge", work, isTrue });
      },
    };
  }

  /** The k-th command of each device is its last. */
  const lossy = (k: number) => async (): Promise<Device> => {
    const opened = await open();
    const { queue } = opened.handle;
    const submit = queue.submit.bind(queue);
    let left = k;
    queue.submit = (commands) => {
      if (--left === 0) opened.handle.destroy();
      return submit(commands);
    };
    return opened;
  };

  /** No answer to any command after the k-th. */
  const silent = (k: number) => async (): Promise<Device> => {
    const opened = await open();
    const { handle } = opened;
    const create = handle.createBuffer.bind(handle);
    let left = k;
    handle.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (mode) => {
        if (--left > 0) return map(mode);
        Object.assign(opened, { deadline: 100 }); // of this answer: a busy machine's others may take long
        return new Promise(() => {});
      };
      return buffer;
    };
    return opened;
  };

  /** Buffers of more than `bytes` cannot be had. */
  const small = (bytes: number) => async (): Promise<Device> => {
    const opened = await open();
    const { handle } = opened;
    const [create, pop] = [handle.createBuffer.bind(handle), handle.popErrorScope.bind(handle)];
    let full = false;
    handle.createBuffer = (descriptor) => {
      full ||= descriptor.size > bytes;
      return create(descriptor);
    };
    handle.popErrorScope = async () => {
      const error = full ? ({ message: "injected" } as GPUError) : null;
      full = false;
      return (await pop()) ?? error;
    };
    return opened;
  };

  test.each([
    ["lost", lossy(9), ["gpu", "cpu", "gpu", "cpu"], []],
    ["silent", silent(2), ["gpu", "cpu", "gpu", "cpu"], []],
    // vectors do not fit; commitments do, in smaller pieces
    ["full", small(2 ** 20 - 16), ["gpu", "cpu", "cpu"], ["gpu"]],
  ])(
    "a GPU that is %s in the middle of a leaf and of a merge costs neither",
    async (_, openDevice, expected, places) => {
      const { tried, events, leaf, merge } = placesOn(openDevice, {
        commitments: places.length > 0,
      });
      const made = [await leaf(0), await merge(left, right)];
      const cpu = onCpu(prepared);
      const same = [
        await proveLeaf(cpu, initOf(0), repeatable()),
        await mergeNodes(cpu, left, right, repeatable()),
      ];
      const digests = (nodes: readonly TreeNode[]): string[] =>
        nodes.map((node) => digestOf(encodeNode(cpu.system, node)));
      expect(digests(made)).toEqual(digests(same));
      expect(tried).toEqual(expected);
      const done = events.flatMap((event) => (event.type === "commit" ? [event.on] : []));
      expect(done).toEqual(expect.arrayContaining(places));
    },
    TIME,
  );

  test(
    "children that do not fit each other, or are false, are no fault of the GPU's",
    async () => {
      let opened = 0;
      const { tried, merge } = placesOn(() => {
        opened++;
        return open();
      });
      await expect(merge(right, left)).rejects.toThrow(/adjacent/);
      await merge(left, { ...right, bw: right.bw + 1n }); // whoever merges does not verify
      const root = await merge(left, right);
      expect(await verifyNode(onCpu(prepared), root)).toEqual([]);
      expect(opened).toBe(1);
      expect(tried).toEqual(["gpu", "cpu", "gpu", "cpu", "gpu"]);
    },
    TIME,
  );

  test(
    "a leaf on the GPU that nobody waits for any more ends at once, and its thread with it",
    async () => {
      const { engine, resident } = prepared;
      const gpu = gpuInit("any", cacheDir)!;
      const workers = new Workers("worker.ts", { engine, resident, gpu }, 1);
      const cancelled = new AbortController();
      const { i, ...init } = initOf(0);
      const leaf = workers.run("leaf", { ...init, i: Number(i) }, { signal: cancelled.signal });
      const outcome = expect(leaf).rejects.toMatchObject({ code: "ABORTED" });
      await expect.poll(() => gpu.waiting[0], { timeout: TIME, interval: 5 }).toBe(1);
      cancelled.abort();
      await outcome;
      const started = performance.now();
      await workers[Symbol.asyncDispose]();
      expect(gpu.waiting[0]).toBe(0);
      expect(performance.now() - started).toBeLessThan(20_000); // about 1 s, but for a busy machine
    },
    TIME,
  );

  test("a GPU that cannot be opened, or computes wrongly, costs no task", async () => {
    const engine = attachEngine(prepared.engine);
    const setup = adopt(engine, prepared.resident);
    let opened = 0;
    const failing = async (): Promise<never> => {
      opened++;
      throw new GpuError("LOST", "injected");
    };
    const gpu = { open: failing, records: noRecords, serve: () => {} };
    const places = new TaskPlaces(setup, engine, gpu, prepared.resident.sparse);
    for (let k = 0; k < 5; k++) {
      const done = await places.run({
        kind: "leaf",
        work: async (at) => at === setup || at.engine === engine,
        isTrue: async () => true,
      });
      expect(done).toBe(true);
    }
    expect(opened).toBe(3);
    const wrong = new TaskPlaces(
      setup,
      engine,
      {
        open: async () => DeviceMSM.open(await open(), noRecords),
        records: noRecords,
        serve: () => {},
      },
      prepared.resident.sparse,
    );
    onTestFinished(() => wrong[Symbol.dispose]());
    const result = await wrong.run({
      kind: "merge",
      work: async (at) => (at.engine === engine ? "cpu" : "gpu"),
      isTrue: async (place) => place === "cpu",
    });
    expect(result).toBe("cpu");
  });
});
