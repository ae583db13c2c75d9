// Making ready: a plan, public parameters (derived in a thread), then the commitment key (derived by
// all threads in pieces, cached on disk), all loaded into one shared memory.

import { type EngineInit, createEngine } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import type { Program } from "@foldmesh/r1cs";
import type { KeyChoice, Plan, ProverEvent } from "./api.ts";
import type { GpuChoice } from "./gpu.ts";
import { BLOCK_POINTS, POINT_BYTES, readCached, wBlock, writeCached } from "./key-cache.ts";
import { type PlanRequest, makePlan, sizeOfStep } from "./plan.ts";
import type { ResidentSetup } from "./resident.ts";
import type { DeriveTask, Derived, LoadTask } from "./worker-tasks.ts";
import { Workers, abortError } from "./workers.ts";

/** Generators in one task: a few hundred milliseconds, so that progress moves. */
const PIECE_POINTS = 2048;

export interface PrepareRequest extends Omit<PlanRequest, "step"> {
  readonly program: Program;
  readonly context: bigint;
  readonly key?: KeyChoice | undefined;
  readonly gpu?: GpuChoice | undefined;
  readonly cacheDir: string;
  /** Throws where the commitment key need not be made ready. */
  readonly check?: ((derived: Derived) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ProverEvent) => void) | undefined;
}

export interface Prepared {
  readonly plan: Plan;
  readonly nodeBytes: number;
  /** The memory that holds `resident`. */
  readonly engine: EngineInit;
  readonly resident: ResidentSetup;
}

export async function prepare(request: PrepareRequest): Promise<Prepared> {
  const { program, cacheDir, signal, key = "transparent" } = request;
  const plan = makePlan({ ...request, step: sizeOfStep(program.step) });
  const { init: engine } = await createEngine({ load: readModules });
  await using preparer = new Workers("preparer.ts", { cacheDir, engine }, 1);
  const derived = await derive(preparer, request, plan.stepsPerLeaf);
  request.check?.(derived);
  const { bases, nodeBytes } = derived;
  const gpu = (request.gpu ?? "off") !== "off";
  const task: LoadTask =
    key === "transparent"
      ? { bases: await loadBases(bases, request), gpu }
      : { ptau: key.ptau, gpu };
  const resident = await preparer.run<ResidentSetup>("load", task, { signal });
  return { plan, nodeBytes, engine, resident };
}

/** Public parameters, made by a worker. @throws ProverError CACHE, ABORTED */
async function derive(
  preparer: Workers<"preparer.ts">,
  { program, signal, onEvent, context }: PrepareRequest,
  stepsPerLeaf: number,
): Promise<Derived> {
  onEvent?.({ type: "setup", phase: "circuit", done: 0, total: 1 });
  const { r1cs, stateSize } = program.step;
  const { columns, publicCount, A, B, C } = r1cs;
  const step = { stateSize, columns, publicCount, A, B, C };
  const task: DeriveTask = { step, context, stepsPerLeaf };
  const derived = await preparer.run<Derived>("derive", task, { signal });
  onEvent?.({ type: "setup", phase: "circuit", done: 1, total: 1 });
  return derived;
}

/** The first `count` generators w, rounded up to whole blocks: from the cache, or derived and cached. */
async function loadBases(count: number, request: PrepareRequest): Promise<SharedArrayBuffer> {
  const { cacheDir, signal, onEvent } = request;
  const blocks = Math.ceil(count / BLOCK_POINTS);
  const total = blocks * BLOCK_POINTS;
  const bases = new SharedArrayBuffer(total * POINT_BYTES);
  const missing: number[] = [];
  for (let block = 0; block < blocks; block++) {
    if (signal?.aborted) throw abortError(signal.reason);
    const cached = await readCached(cacheDir, wBlock(block));
    if (cached === null) missing.push(block);
    else blockOf(bases, block).set(cached);
  }
  let done = total - missing.length * BLOCK_POINTS;
  const advance = (points: number): void => {
    done += points;
    onEvent?.({ type: "setup", phase: "key", done, total });
  };
  advance(0);
  if (missing.length > 0) await deriveBlocks(missing, bases, advance, request);
  return bases;
}

const blockOf = (bases: SharedArrayBuffer, block: number): Uint8Array =>
  new Uint8Array(bases, block * wBlock(block).bytes, wBlock(block).bytes);

async function deriveBlocks(
  blocks: readonly number[],
  bases: SharedArrayBuffer,
  advance: (points: number) => void,
  { cacheDir, signal, threads }: PrepareRequest,
): Promise<void> {
  const { init: engine } = await createEngine({ load: readModules });
  await using derivers = new Workers("deriver.ts", { engine }, threads);
  for (const block of blocks) {
    const target = blockOf(bases, block);
    await Promise.all(
      Array.from({ length: BLOCK_POINTS / PIECE_POINTS }, async (_, n) => {
        const task = { start: block * BLOCK_POINTS + n * PIECE_POINTS, count: PIECE_POINTS };
        const points = await derivers.run<Uint8Array>("bases", task, { signal });
        target.set(points, n * PIECE_POINTS * POINT_BYTES);
        advance(PIECE_POINTS);
      }),
    );
    await writeCached(cacheDir, wBlock(block), target);
  }
}
