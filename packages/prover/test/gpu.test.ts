// Leaf and merge with a GPU are, byte for byte, those of the processor for the same randomness.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fp, type MSMFactory, type Rng, attachEngine } from "@foldmesh/algebra";
import { encodeNode, mergeNodes, proveLeaf } from "@foldmesh/folding";
import { programDir } from "@foldmesh/programs";
import { repeatAssignment } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { type GpuEvent, GpuError, gpuMSM, openDevice } from "@foldmesh/webgpu";
import { nodeGpu } from "@foldmesh/webgpu/node";
import { expect, onTestFinished, test } from "vitest";
import { execute } from "../src/index.ts";
import { adopt } from "../src/resident.ts";
import { type Prepared, prepare } from "../src/setup.ts";

const device = await openDevice(await nodeGpu(), { deadline: 300_000 }).catch((error: unknown) => {
  if (!(error instanceof GpuError)) throw error;
  console.warn(`no GPU and no lavapipe (.ci/lavapipe installs it): ${error.message}`);
  return null;
});

/** The same elements at every start. */
function repeatable(): Rng {
  let state = 1n;
  const element: Rng["element"] = (field) => {
    state = Fp.reduce(state * 0x9e3779b97f4a7c15f39cc0605cedc835n + 12345n);
    return field.reduce(state * state);
  };
  return { element, elements: (field, n) => Array.from({ length: n }, () => element(field)) };
}

async function leavesAndMerge(
  { engine, resident }: Prepared,
  assignments: readonly Uint8Array[],
  msm?: MSMFactory,
): Promise<Uint8Array[]> {
  const setup = adopt(attachEngine(engine, msm), resident);
  const rng = repeatable();
  const [left, right] = [
    await proveLeaf(setup, { i: 0n, assignment: assignments[0]!, pid: 5n, mask: true }, rng),
    await proveLeaf(setup, { i: 1n, assignment: assignments[1]!, pid: 5n, mask: false }, rng),
  ];
  const root = await mergeNodes(setup, left, right, rng);
  return [left, right, root].map((node) => encodeNode(setup.system, node));
}

test.skipIf(device === null)("a merge with a GPU is byte for byte the processor's", async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), "foldmesh-gpu-"));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const program = await loadProgram(programDir("minroot"));
  const input = { z0: [1n, 2n, 0n], count: 2 };
  const prepared = await prepare({
    program,
    context: 0n,
    steps: 2,
    stepsPerLeaf: 1,
    threads: 2,
    cacheDir,
  });
  await using executor = execute(program, input, {});
  const assignments = [await executor.next(), await executor.next()].map((assignment) =>
    repeatAssignment([assignment], program.step.stateSize),
  );
  const plain = await leavesAndMerge(prepared, assignments);
  const events: GpuEvent[] = [];
  const withGpu = await leavesAndMerge(prepared, assignments, (context) => {
    const msm = gpuMSM(context, {
      open: async () => device!,
      costs: { cpuPerUnit: 1, gpuFixed: 500, gpuPerPoint: 0 }, // the long ones
      onEvent: (event) => events.push(event),
    });
    onTestFinished(() => msm[Symbol.dispose]());
    return msm;
  });
  expect(withGpu).toEqual(plain);
  const onGpu = events.filter((event) => event.type === "commit" && event.on === "gpu");
  expect(onGpu.length).toBeGreaterThanOrEqual(3);
  expect(events.filter(({ type }) => type === "failed")).toEqual([]);
});
