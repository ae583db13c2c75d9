// One shard of a computation on this machine: leaves in order, merged as they come into one growing node,
// so that at every moment there is a node for all leaves up to some point from which somebody else can go on.

import { type JobInput, type Program, repeatAssignment } from "@foldmesh/r1cs";
import type { Range } from "./api.ts";
import { type Executor, execute } from "./execute.ts";
import type { Session } from "./session.ts";

export interface ShardRequest {
  readonly session: Session;
  readonly program: Program;
  /** Leaves to prove, by their index in the whole job. */
  readonly range: Range;
  /** The state before the first of them, and all their steps. */
  readonly input: JobInput;
  /** Contributor's key hash, in every leaf. */
  readonly pid: bigint;
  /** The checked node of the shard's leaves before `range`, where somebody else stopped. */
  readonly resume?: Uint8Array | undefined;
  /** Leaves that are proven side by side and joined to the rest at once: at least one for each thread. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
  /** `leaves` of the range have been proven. */
  readonly onLeaf?: ((leaves: number) => void) | undefined;
  /** `node` stands for every leaf of the shard before `end`; not called for the last. */
  readonly onCheckpoint?: ((end: number, node: Uint8Array) => void) | undefined;
}

/**
 * Proves a shard; the first leaf is masked. Gives the node of the whole shard, with `resume` before it.
 * @throws ProverError PROVING, ABORTED; R1CSError INPUT, WITNESS, TIMEOUT, MEMORY, ABORTED
 */
export async function proveShard(request: ShardRequest): Promise<Uint8Array> {
  await using executor = execute(request.program, request.input, { signal: request.signal });
  return (await new Shard(request, executor).run()).slice(); // the executor lives until then
}

class Shard {
  readonly #request: ShardRequest;
  readonly #executor: Executor;
  #proven = 0;

  constructor(request: ShardRequest, executor: Executor) {
    this.#request = request;
    this.#executor = executor;
  }

  /** While one batch is being joined, the next one's leaves are under way. */
  async run(): Promise<Uint8Array> {
    const { range, batch, resume } = this.#request;
    let before = Promise.resolve(resume);
    for (let start = range.start; start < range.end; start += batch) {
      const end = Math.min(range.end, start + batch);
      const leaves = await this.#leaves(start, end);
      const joined = this.#join(before, this.#tree(leaves), end);
      joined.catch(() => {}); // awaited in the next turn, or below
      await before;
      before = joined;
    }
    return (await before)!;
  }

  /** Starts leaves [start, end). */
  async #leaves(start: number, end: number): Promise<Promise<Uint8Array>[]> {
    const leaves: Promise<Uint8Array>[] = [];
    for (let leaf = start; leaf < end; leaf++) {
      const proof = this.#leaf(leaf, await this.#assignment());
      proof.catch(() => {}); // awaited by its merge
      leaves.push(proof);
    }
    return leaves;
  }

  async #assignment(): Promise<Uint8Array> {
    const { session, program } = this.#request;
    const copies: Uint8Array[] = [];
    while (copies.length < session.plan.stepsPerLeaf) copies.push(await this.#executor.next());
    return repeatAssignment(copies, program.step.stateSize);
  }

  async #leaf(i: number, assignment: Uint8Array): Promise<Uint8Array> {
    const { session, range, pid, signal, onLeaf } = this.#request;
    const mask = i === range.start;
    const { node } = await session.leaf({ i, assignment, pid, mask }, { signal });
    onLeaf?.(++this.#proven);
    return node;
  }

  async #tree(nodes: readonly Promise<Uint8Array>[]): Promise<Uint8Array> {
    const [only] = nodes;
    if (nodes.length === 1) return only!;
    const middle = Math.ceil(nodes.length / 2);
    const halves = [this.#tree(nodes.slice(0, middle)), this.#tree(nodes.slice(middle))] as const;
    const [left, right] = await Promise.all(halves);
    return this.#merge(left, right);
  }

  async #join(
    before: Promise<Uint8Array | undefined>,
    batch: Promise<Uint8Array>,
    end: number,
  ): Promise<Uint8Array> {
    const [left, right] = await Promise.all([before, batch]);
    const node = left === undefined ? right : await this.#merge(left, right);
    if (end < this.#request.range.end) this.#request.onCheckpoint?.(end, node);
    return node;
  }

  async #merge(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
    const { session, signal } = this.#request;
    return (await session.merge({ left, right }, { signal })).node;
  }
}
