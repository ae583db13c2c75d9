import type { CurveName, Point } from "../curve.ts";
import type { BackendName } from "../codegen/backend.ts";
import type { FieldKernels } from "./kernels.ts";
import type { Allocator } from "./memory.ts";

// What the engine needs from the multi-scalar multiplication, and what it offers to it.

/** A prepared commitment key in resident memory: plain data that any rank over this memory can use. */
export interface KeyDescriptor {
  readonly kind: "key";
  readonly curve: CurveName;
  /** Number of bases, blinding base excluded. */
  readonly length: number;
  /** Where msm/ put it, in its own layout: numbers only. */
  readonly layout: Readonly<Record<string, number>>;
}

export interface MSMPort {
  /** @param bases x ‖ y, 64 little-endian bytes each, trusted to be on the curve */
  prepareKey(curve: CurveName, bases: Uint8Array, blinding: Point): KeyDescriptor;
  /**
   * Σ scalarᵢ·Gᵢ + blind·H over the first n bases; null for the identity. The scalars are only valid
   * until the call returns its promise: whoever works on asynchronously copies them first.
   * @param scalars address of n standard-form scalars, canonical, 32 little-endian bytes each
   */
  commit(key: KeyDescriptor, scalars: number, n: number, blind: bigint): Promise<Point | null>;
}

/** One rank's view of the engine. */
export interface WasmContext {
  readonly backend: BackendName;
  readonly memory: WebAssembly.Memory;
  /** Compiled modules by file name without extension, e.g. "G1-fma51". */
  readonly modules: Readonly<Record<string, WebAssembly.Module>>;
  /** Blocks that live until the engine is closed. */
  readonly resident: Allocator;
  /** This rank's working memory: take a mark before, release it after. */
  readonly task: Allocator;
  /** Kernels of the coordinate and scalar fields. */
  readonly Fp: FieldKernels;
  readonly Fq: FieldKernels;
}

export type MSMFactory = (context: WasmContext) => MSMPort;
