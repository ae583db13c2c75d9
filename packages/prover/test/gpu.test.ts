// Leaf and merge with a GPU are, byte for byte, those of the processor for the same randomness.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fp, type MSMFactory, type Rng, attachEngine } from "@foldmesh/algebra";
import {
  type Setup,
  type TreeNode,
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
  type GpuEvent,
  GpuError,
  gpuMSM,
  noRecords,
  openDevice,
} from "@foldmesh/webgpu";
import { nodeGpu } from "@foldmesh/webgpu/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { execute } from "../src/index.ts";
import { TaskPlaces, placeFor } from "../src/gpu-tasks.ts";
import { adopt } from "../src/resident.ts";
import { type Prepared, prepare } from "../src/setup.ts";

const TIME = 300_000; // a software device compiles at the first use

const open = async (): Promise<Device> => openDevice(await nodeGpu(), { deadline: TIME });
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

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "foldmesh-gpu-"));
    const program = await loadProgram(programDir("minroot"));
    const plan = { context: 0n, steps: 2, stepsPerLeaf: 1, threads: 2 };
    prepared = await prepare({ program, ...plan, gpu: "any", cacheDir });
    await using executor = execute(program, { z0: [1n, 2n, 0n], count: 2 }, {});
    assignments = [await executor.next(), await executor.next()].map((assignment) =>
      repeatAssignment([assignment], program.step.stateSize),
    );
    plain = await leavesAndMerge(onCpu(prepared), assignments);
  }, TIME);
  afterAll(() => rm(cacheDir, { recursive: true, force: true }));

  test(
    "a merge whose long commitments are the GPU's is byte for byte the processor's",
    async () => {
      const events: GpuEvent[] = [];
      const setup = onCpu(prepared, (context) => {
        const msm = gpuMSM(context, {
          open,
          costs: { cpuPerUnit: 1, gpuFixed: 500, gpuPerPoint: 0 }, // the long ones
          onEvent: (event) => events.push(event),
        });
        onTestFinished(() => msm[Symbol.dispose]());
        return msm;
      });
      expect(await leavesAndMerge(setup, assignments)).toEqual(plain);
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
      const places = new TaskPlaces(setup, engine, { open, records }, prepared.resident.sparse);
      onTestFinished(() => places[Symbol.dispose]());
      let verified = 0;
      const rng = repeatable();
      const leaf = (i: number): Promise<TreeNode> =>
        places.run({
          kind: "leaf",
          work: (at) =>
            proveLeaf(
              at,
              { i: BigInt(i), assignment: assignments[i]!, pid: 5n, mask: i === 0 },
              rng,
            ),
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
      expect([left, right, root].map((node) => encodeNode(setup.system, node))).toEqual(plain);
      expect(verified).toBe(1);
      const [times] = [...kept.values()];
      expect(JSON.parse(times!)).toEqual({ leaf: { gpu: expect.any(Number) }, merge: {} });
    },
    TIME,
  );

  test(
    "a GPU that is lost in the middle of a leaf costs no leaf",
    async () => {
      let sent = 0;
      const lossy = async (): Promise<Device> => {
        const opened = await open();
        const { queue } = opened.handle;
        const submit = queue.submit.bind(queue);
        queue.submit = (commands) => {
          if (++sent === 3) opened.handle.destroy();
          return submit(commands);
        };
        return opened;
      };
      const engine = attachEngine(prepared.engine);
      const setup = adopt(engine, prepared.resident);
      const gpu = { open: lossy, records: noRecords };
      const places = new TaskPlaces(setup, engine, gpu, prepared.resident.sparse);
      onTestFinished(() => places[Symbol.dispose]());
      const tried: string[] = [];
      const node = await places.run({
        kind: "leaf",
        work: (at) => {
          tried.push(at.engine === engine ? "cpu" : "gpu");
          const init = { i: 0n, assignment: assignments[0]!, pid: 5n, mask: true };
          return proveLeaf(at, init, repeatable());
        },
        isTrue: async () => true,
      });
      expect(encodeNode(setup.system, node)).toEqual(plain[0]);
      expect(tried).toEqual(["gpu", "cpu"]);
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
    const gpu = { open: failing, records: noRecords };
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
      { open, records: noRecords },
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
