// A worker thread's side: holds a system in an engine and runs one task at a time. Loaded by Piscina,
// which calls the exported functions by name.

import { isMainThread, threadId, workerData } from "node:worker_threads";
import { Fp, deriveG1Generators, plainPoseidon, secureRng } from "@foldmesh/algebra";
import { mergeStructure, mergeTables } from "@foldmesh/circuits";
import {
  FoldingError,
  type MergeStage,
  type Setup,
  type TreeNode,
  decodeNode,
  deriveSystem,
  encodeNode,
  loadSetup,
  mergeNodes,
  packSystem,
  proveLeaf,
  unpackSystem,
  verifyNode,
} from "@foldmesh/folding";
import { type StepCircuit, repeatStep } from "@foldmesh/r1cs";
import { openEngine } from "./engine.ts";
import { makePlan } from "./plan.ts";
import { loadSystemGenerators } from "./small-generators.ts";
import type {
  BasesTask,
  DeriveTask,
  Derived,
  LeafTask,
  MergeResult,
  MergeTask,
  NodeResult,
  PackedStep,
  Reply,
  VerifyResult,
  VerifyTask,
  WorkerInit,
} from "./worker-tasks.ts";

if (isMainThread) throw new Error("assertion failed: worker.ts runs in a worker thread");

const init = workerData as WorkerInit;
const rng = secureRng();
const engine = await openEngine();
const setup: Setup | null =
  init.kind === "prove"
    ? loadSetup(engine, unpackSystem(init.system), new Uint8Array(init.bases))
    : null;

function loaded(): Setup {
  if (setup === null) throw new Error("assertion failed: this worker has no system");
  return setup;
}

/** Runs a task; a typed error becomes data, anything else is a bug and rejects. */
async function reply<T>(body: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await body() };
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return { ok: false, name: error.name, code: String(error.code), message: error.message };
  }
}

/** The plan, then public parameters for it. */
export const derive = (task: DeriveTask): Promise<Reply<Derived>> =>
  reply(async () => {
    if (init.kind !== "prepare") throw new Error("assertion failed: not a preparing worker");
    const generators = await loadSystemGenerators(init.cacheDir);
    const tables = mergeTables(generators.cfx, generators.cfoff);
    const step = unpackStep(task.step);
    const plan = makePlan({
      ...task,
      stepRows: step.r1cs.A.rows,
      overheadRows: (s) => mergeStructure(step.stateSize, s, tables).structure.A.rows + 3,
    });
    const system = deriveSystem({
      step: repeatStep(step, plan.stepsPerLeaf).r1cs,
      context: task.context,
      generators,
      permute: plainPoseidon(),
    });
    return { plan, system: packSystem(system) };
  });

const unpackStep = ({ stateSize, ...r1cs }: PackedStep): StepCircuit => ({
  stateSize,
  r1cs: { ...r1cs, field: Fp },
});

/** Generators start … start+count−1 of w. */
export const bases = ({ start, count }: BasesTask): Promise<Reply<Uint8Array>> =>
  reply(() => deriveG1Generators(engine, "w", start, count));

export const leaf = ({ i, ...task }: LeafTask): Promise<Reply<NodeResult>> =>
  reply(async () => {
    const started = performance.now();
    const node = await proveLeaf(loaded(), { i: BigInt(i), ...task }, rng);
    return {
      node: encodeNode(loaded().system, node),
      worker: threadId,
      ms: performance.now() - started,
    };
  });

export const merge = ({ left, right }: MergeTask): Promise<Reply<MergeResult>> =>
  reply(async () => {
    const started = performance.now();
    const stages: Record<MergeStage, number> = { fold: 0, cyclefold: 0, witness: 0, commit: 0 };
    let last = started;
    const stage = (name: MergeStage): void => {
      const now = performance.now();
      stages[name] = now - last;
      last = now;
    };
    const node = await mergeNodes(loaded(), decode(left), decode(right), rng, { stage });
    const encoded = encodeNode(loaded().system, node);
    return { node: encoded, worker: threadId, ms: performance.now() - started, stages };
  });

export const verify = ({ node, expected }: VerifyTask): Promise<Reply<VerifyResult>> =>
  reply(async () => {
    const started = performance.now();
    const decoded = tryDecode(node);
    if (decoded instanceof FoldingError) {
      return { failures: [decoded.message], claim: null, ms: performance.now() - started };
    }
    const { j, zIn, zOut } = decoded.D;
    const failures = await verifyNode(loaded(), decoded, defined(expected));
    return { failures, claim: { j, zIn, zOut }, ms: performance.now() - started };
  });

const decode = (bytes: Uint8Array): TreeNode =>
  decodeNode(loaded().system, loaded().permute, bytes);

function tryDecode(bytes: Uint8Array): TreeNode | FoldingError {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof FoldingError) return error;
    throw error;
  }
}

/** Without the keys that are undefined. */
const defined = <T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
