// One computation on this machine: execute the steps in order, prove leaves as their witnesses come,
// merge nodes as soon as both children exist, verify the root, encode it.

import { Fp, secureRng } from "@foldmesh/algebra";
import type { Claim } from "@foldmesh/folding";
import {
  type Program,
  checkJobInput,
  firstViolation,
  repeatAssignment,
  stepCount,
} from "@foldmesh/r1cs";
import PQueue from "p-queue";
import type { ProveRequest, ProveResult } from "./api.ts";
import { ProverError } from "./errors.ts";
import { type Executor, execute } from "./execute.ts";
import { REUSABLE, encodeProof, keyKind } from "./proof-file.ts";
import { type Session, type TaskOptions, openSession } from "./session.ts";
import { type Branch, aggregationTree } from "./tree.ts";
import type { NodeResult } from "./worker-tasks.ts";
import { defaultThreads } from "./workers.ts";

/** Merges go before leaves: they free two nodes for one. */
const PRIORITY = { leaf: 0, merge: 1 } as const;

/**
 * Proves `steps` applications of a program. The result was verified in full before it is returned.
 *
 * @throws ProverError PLAN, INPUT, KEY, CACHE, PROVING, ABORTED; R1CSError INPUT, WITNESS, TIMEOUT, MEMORY
 * @example
 * const { proof, statement } = await proveJob({ program, input: { z0: [1n, 2n], count: 16 }, cacheDir });
 */
export async function proveJob(request: ProveRequest): Promise<ProveResult> {
  requireState(request);
  checkJobInput(request.input, request.program.inputs);
  const { program, input, onEvent } = request;
  const steps = stepCount(input);
  const threads = request.threads ?? defaultThreads();
  await using session = await openSession({ ...request, steps, threads, context: REUSABLE });
  const { plan } = session;
  onEvent?.({ type: "plan", plan });
  await using executor = execute(program, input, request);
  const node = await new Job(request, session, executor, threads).run();
  const claim = await requireValid(session, node, request);
  const { compress = true } = request;
  const proof = encodeProof({
    programDigest: program.digest,
    stepsPerLeaf: plan.stepsPerLeaf,
    context: REUSABLE,
    form: compress ? "compressed" : "node",
    key: keyKind(request.key),
    body: compress ? await compressed(session, node, request) : node,
  });
  const { zOut: zn, provenance } = claim;
  return { proof, statement: { steps, z0: input.z0, zn, provenance }, plan };
}

async function compressed(
  session: Session,
  node: Uint8Array,
  { signal, onEvent }: ProveRequest,
): Promise<Uint8Array> {
  const { proof, ms } = await session.compress({ node }, { signal });
  onEvent?.({ type: "compress", ms });
  return proof;
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
  session: Session,
  node: Uint8Array,
  { input, signal, onEvent }: ProveRequest,
): Promise<Claim> {
  const expected = { i: 0n, j: BigInt(session.plan.leaves), zIn: input.z0 };
  const { failures, claim, ms } = await session.verify({ node, expected }, { signal });
  onEvent?.({ type: "verify", ms });
  if (failures.length === 0 && claim !== null) return claim;
  throw new ProverError(
    "PROVING",
    `the finished proof does not verify (${failures.join(", ")}): this machine computed wrongly, prove again`,
  );
}

/** The running of one plan: leaves in order, merges when both children are there. */
class Job {
  readonly #request: ProveRequest;
  readonly #session: Session;
  readonly #executor: Executor;
  readonly #queue: PQueue;
  /** Leaves waiting for a worker or running: bounds how far execution runs ahead. */
  readonly #leavesAhead: number;
  readonly #leaves = new Map<number, PromiseWithResolvers<Uint8Array>>();
  readonly #failure = Promise.withResolvers<never>();
  /** Contributor's key hash of this job. Random: a local proof names nobody. */
  readonly #pid = secureRng().element(Fp);

  constructor(request: ProveRequest, session: Session, executor: Executor, threads: number) {
    this.#request = request;
    this.#session = session;
    this.#executor = executor;
    this.#failure.promise.catch(() => {}); // raced in run(), which may have settled before
    this.#queue = new PQueue({ concurrency: threads });
    this.#leavesAhead = threads;
  }

  /** Settles at the first failure of any part; the caller then stops executor and workers. */
  async run(): Promise<Uint8Array> {
    const root = this.#grow(aggregationTree(this.#session.plan.shards));
    const [node] = await Promise.race([Promise.all([root, this.#feed()]), this.#failure.promise]);
    return node;
  }

  /** The node of a branch, once everything below it is done. */
  async #grow(branch: Branch): Promise<Uint8Array> {
    if (branch.children === null) return this.#leaf(branch.range.start).promise;
    const [left, right] = await Promise.all(branch.children.map((child) => this.#grow(child)));
    return this.#merge(branch, left!, right!);
  }

  #leaf(index: number): PromiseWithResolvers<Uint8Array> {
    let leaf = this.#leaves.get(index);
    if (leaf === undefined) {
      leaf = Promise.withResolvers();
      this.#leaves.set(index, leaf);
    }
    return leaf;
  }

  /** Executes steps and hands out leaves, never more than `#leavesAhead` beyond the workers. */
  async #feed(): Promise<void> {
    for (const [shard, range] of this.#session.plan.shards.entries()) {
      for (let leaf = range.start; leaf < range.end; leaf++) {
        await this.#queue.onSizeLessThan(this.#leavesAhead);
        const assignments = await this.#executeLeaf();
        const proof = this.#proveLeaf(leaf, shard, assignments, leaf === range.start);
        proof.catch((error: unknown) => this.#failure.reject(error));
      }
    }
  }

  /** Assignments of the next stepsPerLeaf steps. */
  async #executeLeaf(): Promise<Uint8Array[]> {
    const assignments: Uint8Array[] = [];
    while (assignments.length < this.#session.plan.stepsPerLeaf) {
      assignments.push(await this.#executor.next());
    }
    return assignments;
  }

  async #proveLeaf(
    leaf: number,
    shard: number,
    assignments: readonly Uint8Array[],
    mask: boolean,
  ): Promise<void> {
    const { program, onEvent } = this.#request;
    const assignment = repeatAssignment(assignments, program.step.stateSize);
    const task = { i: leaf, assignment, pid: this.#pid, mask };
    let result: NodeResult;
    try {
      result = await this.#run("leaf", (options) => this.#session.leaf(task, options));
    } catch (error) {
      throw explained(error, program, assignments, leaf * assignments.length);
    }
    onEvent?.({ type: "leaf", leaf, shard, worker: result.worker, ms: result.ms });
    this.#leaf(leaf).resolve(result.node);
    this.#leaves.delete(leaf);
  }

  async #merge({ range, shard }: Branch, left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
    const { node, worker, ms, stages } = await this.#run("merge", (options) =>
      this.#session.merge({ left, right }, options),
    );
    this.#request.onEvent?.({ type: "merge", range, shard, worker, ms, stages });
    return node;
  }

  #run<T>(kind: keyof typeof PRIORITY, start: (options: TaskOptions) => Promise<T>): Promise<T> {
    const { signal } = this.#request;
    return this.#queue.add(() => start({ signal }), { priority: PRIORITY[kind] });
  }
}

/** A refused leaf, with the constraint that its witness violates where there is one. */
function explained(
  error: unknown,
  { step, sym }: Program,
  assignments: readonly Uint8Array[],
  firstStep: number,
): unknown {
  if (!(error instanceof ProverError) || error.code !== "PROVING") return error;
  for (const [n, assignment] of assignments.entries()) {
    const violation = firstViolation(step.r1cs, assignment, sym);
    if (violation === undefined) continue;
    const message = `step ${firstStep + n}: the program's witness is false: ${violation.message}`;
    return new ProverError("PROVING", message, { cause: error });
  }
  return error;
}
