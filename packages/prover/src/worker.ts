// A proving thread: adopts a program from the engine's shared memory and runs one task at a time.

import { threadId, workerData } from "node:worker_threads";
import { attachEngine, secureRng } from "@foldmesh/algebra";
import {
  type Claim,
  FoldingError,
  type MergeStage,
  type TreeNode,
  compressNode,
  decodeNode,
  encodeNode,
  mergeNodes,
  proveLeaf,
  readClaim,
  statementFailures,
  verifyCompressed,
  verifyNode,
} from "@foldmesh/folding";
import { type Lineage, provenanceFrom } from "./lineage.ts";
import { type Stoppable, checkStop, reply } from "./reply.ts";
import { TaskPlaces } from "./gpu-tasks.ts";
import { commitmentsOn, takeGpu } from "./gpu.ts";
import { adopt } from "./resident.ts";
import type {
  CheckTask,
  CompressResult,
  CompressTask,
  LeafTask,
  MergeResult,
  MergeTask,
  NodeResult,
  Reply,
  VerifyResult,
  VerifyTask,
  WorkerInits,
} from "./worker-tasks.ts";

const init = workerData as WorkerInits["worker.ts"];
const gpu = takeGpu(init.gpu);
const engine = attachEngine(init.engine, commitmentsOn(gpu));
const setup = adopt(engine, init.resident);
const places = new TaskPlaces(setup, engine, gpu, init.resident.sparse);
/** Without the GPU, which it judges. */
const judge = gpu === undefined ? setup : adopt(attachEngine(init.engine), init.resident);
const isValid = async (node: TreeNode): Promise<boolean> =>
  (await verifyNode(judge, node)).length === 0;
const rng = secureRng();

const run = <T>(task: Stoppable, body: (started: number) => Promise<T>): Promise<Reply<T>> =>
  reply(async () => {
    gpu?.serve(task);
    checkStop(task);
    return body(performance.now());
  });

/**
 * In memory that all threads share: a node goes from thread to thread without a copy, and the main thread, which handles one every
 * few hundred milliseconds, is not made to collect garbage for each.
 */
function toShared(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** What is wrong, found by the processor alone: a GPU that errs accuses nobody. */
async function faults(find: (at: typeof setup) => Promise<string[]>): Promise<string[]> {
  const found = await find(setup);
  return found.length === 0 || gpu === undefined ? found : find(judge);
}

export const leaf = ({ i, stop, ...task }: LeafTask & Stoppable): Promise<Reply<NodeResult>> =>
  run({ stop }, async (started) => {
    const node = await places.run({
      kind: "leaf",
      work: async (at) => {
        checkStop({ stop });
        return proveLeaf(at, { i: BigInt(i), ...task }, rng);
      },
      isTrue: isValid,
    });
    return {
      node: toShared(encodeNode(setup.system, node)),
      worker: threadId,
      ms: performance.now() - started,
    };
  });

export const merge = ({ left, right, stop }: MergeTask & Stoppable): Promise<Reply<MergeResult>> =>
  run({ stop }, async (started) => {
    const stages: Record<MergeStage, number> = { fold: 0, cyclefold: 0, witness: 0, commit: 0 };
    let last = started;
    const stage = (name: MergeStage): void => {
      checkStop({ stop });
      const now = performance.now();
      stages[name] = now - last;
      last = now;
    };
    const node = await places.run({
      kind: "merge",
      work: async (at) => {
        checkStop({ stop });
        return mergeNodes(at, decode(left), decode(right), rng, { stage });
      },
      isTrue: isValid,
    });
    const encoded = toShared(encodeNode(setup.system, node));
    return { node: encoded, worker: threadId, ms: performance.now() - started, stages };
  });

export const verify = ({
  node,
  expected: { lineage, ...expected },
  statementOnly = false,
  stop,
}: VerifyTask & Stoppable): Promise<Reply<VerifyResult>> =>
  run({ stop }, async (started) => {
    const decoded = tryDecode(node);
    if (decoded instanceof FoldingError) {
      return { failures: [decoded.message], claim: null, ms: performance.now() - started };
    }
    const claim = readClaim(setup.permute, setup.system.a, node);
    const failures = await faults(async (at) => {
      const asked = defined({ ...expected, ...(await provenanceExpected(at, lineage)) });
      return statementOnly ? statementFailures(at, decoded, asked) : verifyNode(at, decoded, asked);
    });
    return { failures, claim, ms: performance.now() - started };
  });

/** The only batches of hashes there are; fewer leaves are done before a GPU answers. */
const MANY_LEAVES = 2 ** 10;

async function provenanceExpected(
  at: typeof setup,
  lineage: Lineage | undefined,
): Promise<{ readonly provenance: bigint } | undefined> {
  if (lineage === undefined) return undefined;
  const here = (): Promise<bigint> => provenanceFrom(at.engine, lineage);
  const leaves = lineage.kind === "shard" ? lineage.range.end - lineage.range.start : 0;
  if (at === judge || leaves < MANY_LEAVES) return { provenance: await here() };
  const provenance = await places.run({
    kind: "lineage",
    work: ({ engine, exclusive }) => exclusive(() => provenanceFrom(engine, lineage)),
    isTrue: async (there) => there === (await here()),
  });
  return { provenance };
}

export const compress = ({
  node,
  stop,
}: CompressTask & Stoppable): Promise<Reply<CompressResult>> =>
  run({ stop }, async (started) => {
    const proof = await compressNode(setup, decode(node), rng);
    return { proof, ms: performance.now() - started };
  });

/** Verifies a compressed proof. */
export const check = ({
  proof,
  expected,
  stop,
}: CheckTask & Stoppable): Promise<Reply<VerifyResult>> =>
  run({ stop }, async (started) => {
    const claim = claimOf(proof);
    if (claim instanceof FoldingError) {
      return { failures: [claim.message], claim: null, ms: performance.now() - started };
    }
    const failures = await faults(async (at) =>
      verifyCompressed(at.verifier, proof, {
        first: expected.i,
        steps: (expected.j ?? claim.j) - expected.i,
        z0: expected.zIn ?? claim.zIn,
        zn: expected.zOut ?? claim.zOut,
        provenance: expected.provenance ?? claim.provenance,
        ...(await provenanceExpected(at, expected.lineage)),
      }),
    );
    return { failures, claim, ms: performance.now() - started };
  });

function claimOf(proof: Uint8Array): Claim | FoldingError {
  try {
    return readClaim(setup.permute, setup.system.a, proof);
  } catch (error) {
    if (error instanceof FoldingError) return error;
    throw error;
  }
}

const decode = (bytes: Uint8Array): TreeNode => decodeNode(setup.system, setup.permute, bytes);

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
