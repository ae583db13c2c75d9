import type { Curve, Point } from "../curve.ts";
import type { CommitmentKey, Vec } from "../engine.ts";
import { AlgebraError, assert } from "../errors.ts";
import { type MSM, wasmMSM } from "../msm/msm.ts";
import { type EngineInit, type WasmEngine } from "../wasm/engine.ts";
import { Arena } from "../wasm/memory.ts";
import { type CommitTask, type TaskReply, blocksOf, partsOf } from "./messages.ts";

/** A thread that answers each CommitTask with a TaskReply (rank.ts). */
export interface RankWorker {
  postMessage(task: CommitTask): void;
  /** `fail` is called once, when the thread is gone for another reason than `terminate`. */
  listen(reply: (reply: TaskReply) => void, fail: (error: unknown) => void): void;
  terminate(): Promise<void>;
}

/** Starts a rank over the engine's memory; resolves when it can take tasks. */
export type SpawnRank = (init: EngineInit) => Promise<RankWorker>;

export interface PoolOptions {
  /** The first rank, which stays usable on its own. The pool does not close it. */
  readonly engine: WasmEngine;
  /** All ranks, the calling thread included. 1 needs neither workers nor cross-origin isolation. */
  readonly threads: number;
  readonly spawn: SpawnRank;
}

/**
 * Several ranks over one memory that share the work of a commitment, each on its own part of the
 * scalars. Ranks wait in their event loops; nothing spins. Latency for one commitment: to do many
 * things at once, run one engine per thread instead.
 */
export class Pool {
  readonly engine: WasmEngine;
  readonly threads: number;
  readonly #ranks: readonly Rank[];
  readonly #msm: MSM;
  /** Holds the scalars while ranks read them; commitments take turns, so nobody else allocates here. */
  readonly #arena: Arena;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(engine: WasmEngine, ranks: readonly Rank[]) {
    this.engine = engine;
    this.threads = ranks.length + 1;
    this.#ranks = ranks;
    this.#arena = new Arena(engine.context.memory);
    this.#msm = wasmMSM({ ...engine.context, task: new Arena(engine.context.memory) });
  }

  static async open({ engine, threads, spawn }: PoolOptions): Promise<Pool> {
    assert(Number.isInteger(threads) && threads >= 1, `a pool of ${threads} threads`);
    const starting = Array.from({ length: threads - 1 }, () => spawn(engine.init));
    const started = await Promise.allSettled(starting);
    const workers = started.flatMap((s) => (s.status === "fulfilled" ? [s.value] : []));
    const failed = started.find((s) => s.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw failed.reason;
    }
    return new Pool(
      engine,
      workers.map((worker) => new Rank(worker)),
    );
  }

  /** As `engine.commit`, by all ranks. @throws AlgebraError ABORTED when the pool was closed or lost a thread */
  commit(key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null> {
    const result = this.#turn.then(() => this.#commit(key, v, blind));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Ends the workers; commitments under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#ranks.map((rank) => rank.close()));
  }

  async #commit(key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null> {
    if (this.#closed) throw new AlgebraError("ABORTED", CLOSED);
    const { curve } = key;
    assert(v.length <= key.length, `${v.length} elements, ${key.length} bases`);
    assert(v.field === curve.scalar, `scalars of ${curve.name} are over ${curve.scalar.name}`);
    const mark = this.#arena.mark();
    try {
      const scalars = this.#copyScalars(v);
      const parts = partsOf(v.length, this.threads);
      const task = { key: this.engine.describeKey(key), scalars, n: v.length, parts };
      const others = this.#ranks
        .slice(0, parts - 1)
        .map((rank, i) => rank.run({ ...task, part: i + 1 }));
      const own = this.#msm.sumRanges(task.key, scalars, blocksOf(v.length, 0, parts), blind);
      return sum(curve, [own, ...(await settleAll(others))]);
    } finally {
      this.#arena.release(mark);
    }
  }

  /** The engine's task arena is the caller's, who may go on while ranks work: so a copy of our own. */
  #copyScalars(v: Vec): number {
    const { memory, task } = this.engine.context;
    const mark = task.mark();
    try {
      const bytes = v.length * 32;
      const from = this.engine[v.field.name].integersOf(v);
      const to = this.#arena.alloc(bytes);
      new Uint8Array(memory.buffer).copyWithin(to, from, from + bytes);
      return to;
    } finally {
      task.release(mark);
    }
  }
}

const CLOSED = "the pool was closed: open a new one";

/** Replies by task. */
class Rank {
  readonly #worker: RankWorker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Point | null>>();
  #nextId = 0;
  #failure: AlgebraError | undefined;

  constructor(worker: RankWorker) {
    this.#worker = worker;
    worker.listen(
      (reply) => this.#settle(reply),
      (error) => this.#fail("a worker of the pool ended unexpectedly: open a new pool", error),
    );
  }

  run(task: Omit<CommitTask, "id">): Promise<Point | null> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Point | null>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ ...task, id });
    return waiting.promise;
  }

  async close(): Promise<void> {
    this.#fail(CLOSED);
    await this.#worker.terminate();
  }

  #settle(reply: TaskReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("point" in reply) waiting?.resolve(reply.point);
    else waiting?.reject(new Error(`a worker of the pool failed: ${reply.error}`));
  }

  #fail(message: string, cause?: unknown): void {
    this.#failure ??= new AlgebraError("ABORTED", message, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** All results, or the first failure once every one has settled: nobody reads the scalars any more. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const sum = (curve: Curve, points: readonly (Point | null)[]): Point | null =>
  points.reduce((acc, point) => curve.add(acc, point), null);
