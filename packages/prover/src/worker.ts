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
const isValid = async (node: TreeNode): Promise<boolean> =>
  (await verifyNode(setup, node)).length === 0;
const rng = secureRng();

export const leaf = ({ i, stop, ...task }: LeafTask & Stoppable): Promise<Reply<NodeResult>> =>
  reply(async () => {
    checkStop({ stop });
    const started = performance.now();
    const node = await places.run({
      kind: "leaf",
      work: (at) => proveLeaf(at, { i: BigInt(i), ...task }, rng),
      isTrue: isValid,
    });
    return {
      node: encodeNode(setup.system, node),
      worker: threadId,
      ms: performance.now() - started,
    };
  });

export const merge = ({ left, right, stop }: MergeTask & Stoppable): Promise<Reply<MergeResult>> =>
  reply(async () => {
    checkStop({ stop });
    const started = performance.now();
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
      work: (at) => mergeNodes(at, decode(left), decode(right), rng, { stage }),
      isTrue: isValid,
    });
    const encoded = encodeNode(setup.system, node);
    return { node: encoded, worker: threadId, ms: performance.now() - started, stages };
  });

export const verify = ({
  node,
  expected: { lineage, ...expected },
  statementOnly = false,
  stop,
}: VerifyTask & Stoppable): Promise<Reply<VerifyResult>> =>
  reply(async () => {
    checkStop({ stop });
    const started = performance.now();
    const decoded = tryDecode(node);
    if (decoded instanceof FoldingError) {
      return { failures: [decoded.message], claim: null, ms: performance.now() - started };
    }
    const claim = readClaim(setup.permute, setup.system.a, node);
    const asked = defined({ ...expected, ...provenanceExpected(lineage) });
    const failures = statementOnly
      ? statementFailures(setup, decoded, asked)
      : await verifyNode(setup, decoded, asked);
    return { failures, claim, ms: performance.now() - started };
  });

const provenanceExpected = (
  lineage: Lineage | undefined,
): { readonly provenance: bigint } | undefined =>
  lineage && { provenance: provenanceFrom(setup.permute, lineage) };

export const compress = ({
  node,
  stop,
}: CompressTask & Stoppable): Promise<Reply<CompressResult>> =>
  reply(async () => {
    checkStop({ stop });
    const started = performance.now();
    const proof = await compressNode(setup, decode(node), rng);
    return { proof, ms: performance.now() - started };
  });

/** Verifies a compressed proof. */
export const check = ({
  proof,
  expected,
  stop,
}: CheckTask & Stoppable): Promise<Reply<VerifyResult>> =>
  reply(async () => {
    checkStop({ stop });
    const started = performance.now();
    const claim = claimOf(proof);
    if (claim instanceof FoldingError) {
      return { failures: [claim.message], claim: null, ms: performance.now() - started };
    }
    const failures = await verifyCompressed(setup.verifier, proof, {
      first: expected.i,
      steps: (expected.j ?? claim.j) - expected.i,
      z0: expected.zIn ?? claim.zIn,
      zn: expected.zOut ?? claim.zOut,
      provenance: expected.provenance ?? claim.provenance,
      ...provenanceExpected(expected.lineage),
    });
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
