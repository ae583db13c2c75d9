// Making ready: plan and public parameters (derived in a worker), then the commitment key (derived by
// all workers in pieces, cached on disk).

import type { Program } from "@foldmesh/r1cs";
import type { ProverEvent } from "./api.ts";
import { BLOCK_POINTS, POINT_BYTES, readCached, wBlock, writeCached } from "./key-cache.ts";
import type { DeriveTask, Derived } from "./worker-tasks.ts";
import { Workers, abortError } from "./workers.ts";

/** Generators in one task: a few hundred milliseconds, so that progress moves. */
const PIECE_POINTS = 2048;

export interface PrepareRequest extends Omit<DeriveTask, "step"> {
  readonly program: Program;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ProverEvent) => void) | undefined;
}

export interface Prepared extends Derived {
  /** Generators w, 64 bytes each; at least as many as the system's witness is long. */
  readonly bases: SharedArrayBuffer;
}

export async function prepare(request: PrepareRequest): Promise<Prepared> {
  const { cacheDir, threads } = request;
  await using workers = new Workers({ kind: "prepare", cacheDir }, threads);
  const derived = await derive(workers, request);
  const bases = await loadBases(workers, derived.system.dims.witness, request);
  return { ...derived, bases };
}

/** Plan and public parameters, made by a worker. @throws ProverError PLAN, CACHE, ABORTED */
export async function derive(workers: Workers, request: PrepareRequest): Promise<Derived> {
  const { program, signal, onEvent, context, steps, stepsPerLeaf, shards, threads } = request;
  onEvent?.({ type: "setup", phase: "circuit", done: 0, total: 1 });
  const { r1cs, stateSize } = program.step;
  const { columns, publicCount, A, B, C } = r1cs;
  const step = { stateSize, columns, publicCount, A, B, C };
  const task: DeriveTask = { step, context, steps, stepsPerLeaf, shards, threads };
  const derived = await workers.run<Derived>("derive", task, { signal });
  onEvent?.({ type: "setup", phase: "circuit", done: 1, total: 1 });
  return derived;
}

async function loadBases(
  workers: Workers,
  count: number,
  { cacheDir, signal, onEvent }: PrepareRequest,
): Promise<SharedArrayBuffer> {
  const blocks = Math.ceil(count / BLOCK_POINTS);
  const total = blocks * BLOCK_POINTS;
  const bases = new SharedArrayBuffer(total * POINT_BYTES);
  let done = 0;
  const advance = (points: number): void => {
    done += points;
    onEvent?.({ type: "setup", phase: "key", done, total });
  };
  for (let block = 0; block < blocks; block++) {
    if (signal?.aborted) throw abortError(signal.reason);
    const file = wBlock(block);
    const target = new Uint8Array(bases, block * file.bytes, file.bytes);
    const cached = await readCached(cacheDir, file);
    if (cached === null) {
      await deriveBlock(workers, block, target, signal, advance);
      await writeCached(cacheDir, file, target);
    } else {
      target.set(cached);
      advance(BLOCK_POINTS);
    }
  }
  return bases;
}

async function deriveBlock(
  workers: Workers,
  block: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
  advance: (points: number) => void,
): Promise<void> {
  const pieces = Array.from({ length: BLOCK_POINTS / PIECE_POINTS }, (_, n) => n * PIECE_POINTS);
  await Promise.all(
    pieces.map(async (at) => {
      const task = { start: block * BLOCK_POINTS + at, count: PIECE_POINTS };
      target.set(await workers.run<Uint8Array>("bases", task, { signal }), at * POINT_BYTES);
      advance(PIECE_POINTS);
    }),
  );
}
