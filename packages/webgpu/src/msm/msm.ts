// Multi-scalar multiplication over resident bases on one device.

import { type Curve, ELEMENT_BYTES, type Point } from "@foldmesh/algebra";
import type { Device } from "../device.ts";
import { type Program, compile, dispatch, readBack } from "../kernel.ts";
import { type Layout, radixOf } from "../wgsl/layout.ts";
import { type BaseChunk, uploadBases } from "./bases.ts";
import { type BaseForm, type KernelName, SCAN_BLOCK, msmKernels } from "./kernels.ts";
import { COMBINE_RUN, type MSMPlan, planMSM, threadsOf, workspaceBytes } from "./plan.ts";
import { sumWindows } from "./sum-windows.ts";
import type { Buffers, Workspace } from "./workspace.ts";

const POINT = 128;

/** Parts of a multiplication on the GPU, in this order; the rest is upload, answer and the CPU's sum of windows. */
export type MSMStage = "sort" | "buckets" | "windows";

/** Told how long each stage took, in how many dispatches. Stages then wait for each other: the whole takes longer. */
export type OnStage = (stage: MSMStage, ms: number, dispatches: number) => void;

/** Canonical integers, 32 little-endian bytes each: bytes, or part of a buffer. */
export type Scalars =
  | Uint8Array<ArrayBuffer>
  | { readonly buffer: GPUBuffer; readonly start?: number; readonly count: number };

export const countOf = (scalars: Scalars): number =>
  scalars instanceof Uint8Array ? scalars.length / ELEMENT_BYTES : scalars.count;

/** The scalars of [start, start + n), or fewer where there are no more. */
export function partOf(scalars: Scalars, start: number, n: number): Scalars {
  if (scalars instanceof Uint8Array) {
    return scalars.subarray(ELEMENT_BYTES * start, ELEMENT_BYTES * (start + n));
  }
  const count = Math.max(0, Math.min(n, scalars.count - start));
  return { buffer: scalars.buffer, start: (scalars.start ?? 0) + start, count };
}

/** One curve on one device. */
export class CurveMSM {
  readonly curve: Curve;
  readonly #device: Device;
  readonly #workspace: Workspace;
  readonly #R: bigint;
  readonly #programs: Readonly<Record<KernelName, Program>>;
  #dispatches = 0;

  private constructor(
    curve: Curve,
    device: Device,
    workspace: Workspace,
    R: bigint,
    programs: Readonly<Record<KernelName, Program>>,
  ) {
    this.curve = curve;
    this.#device = device;
    this.#workspace = workspace;
    this.#R = R;
    this.#programs = programs;
  }

  /** Compiles the shaders. @throws GpuError INVALID, LOST, HUNG */
  static async open(
    curve: Curve,
    device: Device,
    workspace: Workspace,
    layout: Layout,
    form: BaseForm,
  ): Promise<CurveMSM> {
    const kernels = Object.entries(msmKernels(curve.base, layout, form));
    const programs = await Promise.all(
      kernels.map(async ([name, kernel]) => [name, await compile(device, kernel)] as const),
    );
    const ready = Object.fromEntries(programs) as Record<KernelName, Program>;
    return new CurveMSM(curve, device, workspace, radixOf(layout), ready);
  }

  /** @throws GpuError OUT_OF_MEMORY, LOST, HUNG */
  upload(bases: Uint8Array, chunk: number): Promise<BaseChunk[]> {
    return uploadBases(this.#device, this.#programs.importBases, bases, chunk);
  }

  /**
   * Σ scalarᵢ·Gᵢ over a chunk's first bases; null for the identity.
   * @param scalars not in memory that threads share
   * @throws GpuError OUT_OF_MEMORY, LOST, HUNG, INVALID
   */
  async multiply(chunk: BaseChunk, scalars: Scalars): Promise<Point | null> {
    const n = countOf(scalars);
    if (n === 0) return null;
    const plan = planMSM(n);
    const device = this.#device;
    const buffers = await this.#workspace.reserve(workspaceBytes(plan));
    const encoder = device.handle.createCommandEncoder();
    if (scalars instanceof Uint8Array) {
      device.handle.queue.writeBuffer(buffers.scalars, 0, scalars);
    } else {
      const { buffer, start = 0 } = scalars;
      const bytes = ELEMENT_BYTES * n;
      encoder.copyBufferToBuffer(buffer, ELEMENT_BYTES * start, buffers.scalars, 0, bytes);
    }
    this.#sort(encoder, plan, buffers);
    this.#fillBuckets(encoder, plan, chunk, buffers);
    const sums = this.#sumBuckets(encoder, plan, buffers);
    const windows = await readBack(device, encoder, sums, POINT * plan.windows);
    return sumWindows(this.curve, this.#R, windows, plan.width);
  }

  /** The same stage by stage, for profiles. */
  async profile(
    chunk: BaseChunk,
    scalars: Uint8Array<ArrayBuffer>,
    onStage: OnStage,
  ): Promise<void> {
    const plan = planMSM(scalars.length / ELEMENT_BYTES);
    const buffers = await this.#workspace.reserve(workspaceBytes(plan));
    const { queue } = this.#device.handle;
    queue.writeBuffer(buffers.scalars, 0, scalars);
    await this.#device.wait(queue.onSubmittedWorkDone());
    const stages: Readonly<Record<MSMStage, (encoder: GPUCommandEncoder) => void>> = {
      sort: (encoder) => this.#sort(encoder, plan, buffers),
      buckets: (encoder) => this.#fillBuckets(encoder, plan, chunk, buffers),
      windows: (encoder) => void this.#sumBuckets(encoder, plan, buffers),
    };
    for (const [stage, encode] of Object.entries(stages)) {
      const [started, before] = [performance.now(), this.#dispatches];
      const encoder = this.#device.handle.createCommandEncoder();
      encode(encoder);
      queue.submit([encoder.finish()]);
      await this.#device.wait(queue.onSubmittedWorkDone());
      onStage(stage as MSMStage, performance.now() - started, this.#dispatches - before);
    }
  }

  /** Counting sort of the entries by bucket: `offsets` and `sorted`. */
  #sort(
    encoder: GPUCommandEncoder,
    { points, width, windows, buckets }: MSMPlan,
    { scalars, offsets, cursors, sorted, evenSums, oddSums }: Buffers,
  ): void {
    const all = windows * buckets;
    encoder.clearBuffer(offsets, 0, 4 * (all + 1));
    const digits = [points, width, windows];
    this.#run(encoder, "count", [scalars, offsets], points, digits);
    this.#prefixSums(encoder, offsets, all + 1, [oddSums, evenSums]);
    encoder.copyBufferToBuffer(offsets, 0, cursors, 0, 4 * (all + 1));
    this.#run(encoder, "sort", [scalars, cursors, sorted], points, digits);
  }

  /** Exclusive prefix sums in place, by levels of blocks. */
  #prefixSums(
    encoder: GPUCommandEncoder,
    values: GPUBuffer,
    length: number,
    sums: readonly [GPUBuffer, GPUBuffer],
  ): void {
    const levels = [{ buffer: values, start: 0, length }];
    const used = [0, 0];
    while (levels.at(-1)!.length > SCAN_BLOCK) {
      const below = levels.at(-1)!;
      const side = (levels.length - 1) % 2;
      const blocks = Math.ceil(below.length / SCAN_BLOCK);
      const level = { buffer: sums[side]!, start: used[side]!, length: blocks };
      used[side]! += blocks;
      const params = [below.length, below.start, level.start];
      this.#run(encoder, "sumBlocks", [below.buffer, level.buffer], blocks, params);
      levels.push(level);
    }
    for (let k = levels.length - 1; k >= 0; k--) {
      const level = levels[k]!;
      const above = levels[k + 1];
      const blocks = Math.ceil(level.length / SCAN_BLOCK);
      const unused = sums[k % 2]!; // bound, as something must be, and not read
      this.#run(encoder, "spreadBlocks", [level.buffer, above?.buffer ?? unused], blocks, [
        level.length,
        level.start,
        above?.start ?? 0,
        above === undefined ? 0 : 1,
      ]);
    }
  }

  #fillBuckets(
    encoder: GPUCommandEncoder,
    plan: MSMPlan,
    chunk: BaseChunk,
    buffers: Buffers,
  ): void {
    const { windows, buckets, run } = plan;
    const { sorted, offsets, partials, ids, nextPartials, nextIds } = buffers;
    const threads = threadsOf(plan);
    encoder.clearBuffer(buffers.buckets, 0, POINT * windows * buckets);
    this.#run(
      encoder,
      "accumulate",
      [chunk.buffer, sorted, offsets, buffers.buckets, partials, ids],
      threads,
      [run, windows * buckets, threads],
    );
    let from = [partials, ids] as const;
    let to = [nextPartials, nextIds] as const;
    for (let slots = 2 * threads; ;) {
      const next = Math.ceil(slots / COMBINE_RUN);
      const last = next === 1 ? 1 : 0;
      const bound = [...from, buffers.buckets, ...to];
      this.#run(encoder, "combine", bound, next, [slots, COMBINE_RUN, next, last]);
      if (last === 1) return;
      slots = 2 * next;
      [from, to] = [to, from];
    }
  }

  /** One point for each window. */
  #sumBuckets(
    encoder: GPUCommandEncoder,
    { windows, buckets, group, width }: MSMPlan,
    { buckets: points, weighed, added }: Buffers,
  ): GPUBuffer {
    let groups = buckets / group;
    const params = [windows * groups, group, groups, width];
    this.#run(encoder, "weigh", [points, weighed], windows * groups, params);
    let [from, to] = [weighed, added];
    while (groups > 1) {
      const terms = Math.min(COMBINE_RUN, groups);
      groups /= terms;
      this.#run(encoder, "addUp", [from, to], windows * groups, [windows * groups, terms]);
      [from, to] = [to, from];
    }
    return from;
  }

  #run(
    encoder: GPUCommandEncoder,
    name: KernelName,
    buffers: readonly GPUBuffer[],
    threads: number,
    params: readonly number[],
  ): void {
    this.#dispatches++;
    dispatch(this.#device, encoder, this.#programs[name], buffers, threads, params);
  }
}
