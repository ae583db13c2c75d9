import { ELEMENT_BYTES, readElement, writeElement } from "../bytes.ts";
import { type Curve, type CurveName, G1, Grumpkin, type Point } from "../curve.ts";
import { AlgebraError, assert } from "../errors.ts";
import { PACKED_POINT } from "../codegen/point-layout.ts";
import { POINT_BYTES, pointsToBytes } from "../points.ts";
import type { KeyDescriptor, MSMPort, WasmContext } from "../wasm/msm-port.ts";
import { HISTOGRAM_BINS, type KeyTables, Plan, SCALAR_BITS } from "./plan.ts";
import { chooseWindows } from "./windows.ts";

/** Exports of a point module that this file calls; the rest is for the control module. */
interface PointKernels extends WebAssembly.Exports {
  /** n points of 64 bytes to packed points; not 0 when a coordinate was not below the modulus. */
  packBases(to: number, bytes: number, n: number): number;
}

/** Exports of assembly/index.ts. */
interface MSMControl {
  elementsBytes(): number;
  appendScalars(plan: number, bytes: number, count: number, first: number): void;
  promote(plan: number): void;
  multiply(plan: number, result: number): number;
  multiplyPoints(plan: number, from: number, to: number, n: number, times: number): void;
}

/** The kernels of one curve on one rank. */
interface CurveKernels {
  readonly curve: Curve;
  readonly points: PointKernels;
  readonly control: MSMControl;
}

/** Tables of length + 1 points, H last in each. */
type KeyLayout = { readonly [K in keyof KeyTables]: number };

export interface MSMOptions {
  /**
   * Room for tables of multiples of each key's bases, in bytes; default 0, none. Commitments then take
   * 12 to 15 % fewer additions, but preparing a key takes about 20 µs a base: as long as 60
   * commitments save. 64 MiB gives the full eight tables up to 2^17 bases.
   */
  readonly tableBytes?: number;
}

const CURVES: Readonly<Record<CurveName, Curve>> = { G1, Grumpkin };
const MAX_TABLES = 8;

/** A range [start, end) of indices. */
export type Range = readonly [start: number, end: number];

export interface MSM extends MSMPort {
  /** Σ kᵢ·Gᵢ over the ranges + blind·H (default 0), k at `scalars` as for `commit`. */
  sumRanges(
    key: KeyDescriptor,
    scalars: number,
    ranges: readonly Range[],
    blind?: bigint,
  ): Point | null;
}

/**
 * Commitments by multi-scalar multiplication on one rank. Re-entrant across ranks: scratch is in the
 * rank's task arena, keys are only read.
 */
export function wasmMSM(context: WasmContext, options: MSMOptions = {}): MSM {
  const kernels = { G1: loadKernels(context, "G1"), Grumpkin: loadKernels(context, "Grumpkin") };
  return {
    prepareKey: (curve, bases, blinding) =>
      prepareKey(context, kernels[curve], bases, blinding, options),
    commit: async (key, scalars, n, blind) =>
      sumRanges(context, kernels[key.curve], key, scalars, [[0, n]], blind),
    sumRanges: (key, scalars, ranges, blind = 0n) =>
      sumRanges(context, kernels[key.curve], key, scalars, ranges, blind),
  };
}

function loadKernels({ modules, backend, memory }: WasmContext, name: CurveName): CurveKernels {
  const instantiate = (module: string, imports: WebAssembly.Imports): WebAssembly.Exports => {
    const compiled = modules[module];
    assert(compiled !== undefined, `module ${module} is missing`);
    return new WebAssembly.Instance(compiled, imports).exports;
  };
  const env = { memory };
  const points = instantiate(`${name}-${backend}`, { env }) as PointKernels;
  const control = instantiate("msm", { env, kernel: points }) as unknown as MSMControl;
  return { curve: CURVES[name], points, control };
}

function prepareKey(
  context: WasmContext,
  kernels: CurveKernels,
  bases: Uint8Array,
  blinding: Point,
  { tableBytes: room = 0 }: MSMOptions,
): KeyDescriptor {
  if (bases.length % POINT_BYTES !== 0) {
    const message = `expected bases of ${POINT_BYTES} bytes each, got ${bases.length} bytes`;
    throw new AlgebraError("BAD_LENGTH", message);
  }
  const length = bases.length / POINT_BYTES;
  const tableBytes = (length + 1) * PACKED_POINT;
  let tableCount = MAX_TABLES;
  while (tableCount > 1 && bases.length * tableCount > room) tableCount /= 2;
  const tables = context.resident.alloc(tableBytes * tableCount);
  const layout: KeyLayout = { tables, tableBytes, tableCount };
  const mark = context.task.mark();
  try {
    packKey(context, kernels, bases, blinding, tables);
    extendTables(context, kernels, layout, length + 1);
  } finally {
    context.task.release(mark);
  }
  return { kind: "key", curve: kernels.curve.name, length, layout };
}

function packKey(
  { memory, task }: WasmContext,
  { points, curve }: CurveKernels,
  bases: Uint8Array,
  blinding: Point,
  tables: number,
): void {
  const n = bases.length / POINT_BYTES;
  const bytes = task.alloc(bases.length + POINT_BYTES);
  const target = new Uint8Array(memory.buffer, bytes, bases.length + POINT_BYTES);
  target.set(bases);
  target.set(pointsToBytes([blinding]), bases.length);
  if (points.packBases(tables, bytes, n + 1) !== 0) {
    throw new AlgebraError("NON_CANONICAL", `a coordinate of ${curve.name} is not canonical`);
  }
}

/** Table j + 1 is 2^spacing times table j. */
function extendTables(
  { memory, task }: WasmContext,
  { control }: CurveKernels,
  { tables, tableBytes, tableCount }: KeyLayout,
  n: number,
): void {
  if (tableCount === 1) return;
  const plan = new Plan(memory, task);
  plan.allocateAdditions(control.elementsBytes(), n);
  for (let j = 1; j < tableCount; j++) {
    const to = tables + j * tableBytes;
    control.multiplyPoints(plan.address, to - tableBytes, to, n, SCALAR_BITS / tableCount);
  }
}

function sumRanges(
  context: WasmContext,
  { curve, control }: CurveKernels,
  key: KeyDescriptor,
  scalars: number,
  ranges: readonly Range[],
  blind: bigint,
): Point | null {
  const { memory, task } = context;
  assert(curve.scalar.isCanonical(blind), "the blind is canonical");
  assert(
    ranges.every(([start, end]) => 0 <= start && start <= end && end <= key.length),
    `no more scalars than the key's ${key.length} bases`,
  );
  const mark = task.mark();
  try {
    const plan = new Plan(memory, task);
    plan.allocateScalars(ranges.reduce((sum, [start, end]) => sum + end - start, 1));
    for (const [start, end] of ranges) {
      const bytes = scalars + start * ELEMENT_BYTES;
      control.appendScalars(plan.address, bytes, end - start, start);
    }
    const single = task.alloc(POINT_BYTES);
    const view = (): DataView => new DataView(memory.buffer, single, POINT_BYTES);
    writeElement(view(), 0, blind);
    control.appendScalars(plan.address, single, 1, key.length);
    planWindows(plan, control, key.layout as KeyLayout);
    if (control.multiply(plan.address, single) === 0) return null;
    return [readElement(view(), 0), readElement(view(), ELEMENT_BYTES)];
  } finally {
    task.release(mark);
  }
}

/** Chooses the windows, now that the scalars are known, and allocates what depends on them. */
function planWindows(plan: Plan, control: MSMControl, key: KeyLayout): void {
  const small = plan.words(plan.get("histogram"), HISTOGRAM_BINS).slice();
  const windows = chooseWindows(key.tableCount, { wide: plan.get("wideCount"), small });
  plan.setWindows(windows, key);
  control.promote(plan.address);
  plan.allocateBuckets(windows);
  plan.allocateAdditions(control.elementsBytes(), plan.maximumEntries());
}
