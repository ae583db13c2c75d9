// One computation on this machine: execute the steps in order, prove leaves as their witnesses come,
// merge nodes as soon as both children exist, verify the root, encode it.

import { Fp, secureRng } from "@foldmesh/algebra";
import type { TreeNode } from "@foldmesh/folding";
import { repeatAssignment, stepCount } from "@foldmesh/r1cs";
import PQueue from "p-queue";
import type { MergeStages, Plan, ProveRequest, ProveResult } from "./api.ts";
import { ProverError } from "./errors.ts";
import { type Executor, execute } from "./execute.ts";
import { encodeProof } from "./proof-file.ts";
import { prepare } from "./setup.ts";
import { type Branch, aggregationTree } from "./tree.ts";
import type { LeafTask, MergeResult, NodeResult, VerifyResult } from "./worker-tasks.ts";
import { Workers, abortError, defaultThreads } from "./workers.ts";

/** Merges go before leaves: they free two nodes for one. */
const PRIORITY = { leaf: 0, merge: 1 } as const;

/** The context of a proof that may be reused between jobs. */
const REUSABLE = 0n;

/**
 * Proves `steps` applications of a program. The result was verified in full before it is returned.
 *
 * @throws ProverError PLAN, INPUT, CACHE, PROVING, ABORTED; R1CSError INPUT, WITNESS, TIMEOUT, MEMORY
 * @example
 * const { proof, statement } = await proveJob({ program, input: { z0: [1n, 2n], count: 16 }, cacheDir });
 */
export async function proveJob(request: ProveRequest): Promise<ProveResult> {
  const { program, input, signal, onEvent } = request;
  requireState(request);
  const threads = request.threads ?? defaultThreads();
  const steps = stepCount(input);
  const { stepsPerLeaf, shards, cacheDir } = request;
  const prepared = await prepare({
    program,
    cacheDir,
    signal,
    onEvent,
    context: REUSABLE,
    steps,
    stepsPerLeaf,
    shards,
    threads,
  });
  const { plan, system, bases } = prepared;
  onEvent?.({ type: "plan", plan });
  await using workers = new Workers({ kind: "prove", system, bases }, threads);
  await using executor = execute(program, input, { signal, onEvent });
  const root = await new Job(request, plan, workers, executor, threads).run();
  const { zIn, zOut } = root.D;
  await requireValid(workers, root, plan, request);
  const node = await workers.run<Uint8Array>("encode", root, { signal });
  const header = {
    programDigest: program.digest,
    stepsPerLeaf: plan.stepsPerLeaf,
    context: REUSABLE,
  };
  return {
    proof: encodeProof({ ...header, node }),
    statement: { steps, z0: zIn, zn: zOut },
    plan,
  };
}

function requireState({ program, input }: ProveRequest): void {
  const { stateSize } = program.step;
  if (input.z0.length === stateSize && input.z0.every((x) => Fp.isCanonical(x))) return;
  throw new ProverError(
    "INPUT",
    `z0 must have ${stateSize} elements below the field's modulus for this program, it has ${input.z0.length}`,
  );
}

/** A merge trusts its children: what all of it came to is opened once, before anybody gets it. */
async function requireValid(
  workers: Workers,
  node: TreeNode,
  plan: Plan,
  { input, signal }: ProveRequest,
): Promise<void> {
  const expected = { i: 0n, j: BigInt(plan.leaves), zIn: input.z0 };
  const { failures } = await workers.run<VerifyResult>("verify", { node, expected }, { signal });
  if (failures.length === 0) return;
  throw new ProverError(
    "PROVING",
    `the finished proof does not verify (${failures.join(", ")}): this machine computed wrongly, prove again`,
  );
}

/** The running of one plan: leaves in order, merges when both children are there. */
class Job {
  readonly #request: ProveRequest;
  readonly #plan: Plan;
  readonly #workers: Workers;
  readonly #executor: Executor;
  readonly #queue: PQueue;
  /** Leaves waiting for a worker or running: bounds how far execution runs ahead. */
  readonly #leavesAhead: number;
  readonly #leaves = new Map<number, PromiseWithResolvers<TreeNode>>();
  readonly #failure = Promise.withResolvers<never>();
  /** Contributor's key hash of this job. Random: a local proof names nobody. */
  readonly #pid = secureRng().element(Fp);

  constructor(
    request: ProveRequest,
    plan: Plan,
    workers: Workers,
    executor: Executor,
    threads: number,
  ) {
    this.#request = request;
    this.#plan = plan;
    this.#workers = workers;
    this.#executor = executor;
    this.#failure.promise.catch(() => {}); // raced in run(), which may have settled before
    this.#queue = new PQueue({ concurrency: threads });
    this.#leavesAhead = threads;
  }

  /** Settles at the first failure of any part; the caller then stops executor and workers. */
  async run(): Promise<TreeNode> {
    const root = this.#grow(aggregationTree(this.#plan.shards));
    const [node] = await Promise.race([Promise.all([root, this.#feed()]), this.#failure.promise]);
    return node;
  }

  /** The node of a branch, once everything below it is done. */
  async #grow(branch: Branch): Promise<TreeNode> {
    if (branch.children === null) return this.#leaf(branch.range.start).promise;
    const [left, right] = await Promise.all(branch.children.map((child) => this.#grow(child)));
    return this.#merge(branch, left!, right!);
  }

  #leaf(index: number): PromiseWithResolvers<TreeNode> {
    let leaf = this.#leaves.get(index);
    if (leaf === undefined) {
      leaf = Promise.withResolvers();
      this.#leaves.set(index, leaf);
    }
    return leaf;
  }

  /** Executes steps and hands out leaves, never more than `#leavesAhead` beyond the workers. */
  async #feed(): Promise<void> {
    for (const [shard, range] of this.#plan.shards.entries()) {
      for (let leaf = range.start; leaf < range.end; leaf++) {
        await this.#queue.onSizeLessThan(this.#leavesAhead);
        const assignment = await this.#executeLeaf();
        const proof = this.#proveLeaf(leaf, shard, assignment, leaf === range.start);
        proof.catch((error: unknown) => this.#failure.reject(error));
      }
    }
  }

  async #executeLeaf(): Promise<Uint8Array> {
    const assignments: Uint8Array[] = [];
    while (assignments.length < this.#plan.stepsPerLeaf)
      assignments.push(await this.#executor.next());
    return repeatAssignment(assignments, this.#request.program.step.stateSize);
  }

  async #proveLeaf(
    leaf: number,
    shard: number,
    assignment: Uint8Array,
    mask: boolean,
  ): Promise<void> {
    const task: LeafTask = { i: leaf, assignment, pid: this.#pid, mask };
    const { node, worker, ms } = await this.#run<NodeResult>("leaf", task, [
      assignment.buffer as ArrayBuffer,
    ]);
    this.#request.onEvent?.({ type: "leaf", leaf, shard, worker, ms });
    this.#leaf(leaf).resolve(node);
    this.#leaves.delete(leaf);
  }

  async #merge({ range, shard }: Branch, left: TreeNode, right: TreeNode): Promise<TreeNode> {
    const { node, worker, ms, stages } = await this.#run<MergeResult>(
      "merge",
      { left, right },
      buffersOf(left, right),
    );
    this.#request.onEvent?.({
      type: "merge",
      range,
      shard,
      worker,
      ms,
      stages: stages satisfies MergeStages,
    });
    return node;
  }

  #run<T>(name: "leaf" | "merge", task: unknown, transfer: ArrayBuffer[]): Promise<T> {
    const { signal } = this.#request;
    if (signal?.aborted) return Promise.reject(abortError(signal.reason));
    return this.#queue.add(() => this.#workers.run<T>(name, task, { signal, transfer }), {
      priority: PRIORITY[name],
    });
  }
}

/** A child's vectors move to the worker: the main thread keeps no second copy. */
const buffersOf = (...nodes: TreeNode[]): ArrayBuffer[] =>
  nodes
    .flatMap(({ w, W, phi }) => [w, W, phi.W, phi.E])
    .map((bytes) => bytes.buffer as ArrayBuffer);
