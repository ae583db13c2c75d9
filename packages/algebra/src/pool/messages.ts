import type { Point } from "../curve.ts";
import type { KeyDescriptor } from "../wasm/msm-port.ts";
import type { Range } from "../msm/msm.ts";

/** One rank's share of a commitment: the blocks ≡ part mod parts of the scalars. */
export interface CommitTask {
  readonly id: number;
  readonly key: KeyDescriptor;
  /** Address of n canonical scalars in the shared memory. */
  readonly scalars: number;
  readonly n: number;
  readonly part: number;
  readonly parts: number;
}

export type TaskReply =
  | { readonly id: number; readonly point: Point | null }
  | { readonly id: number; readonly error: string };

/** Scalars in a block: neighbours in a witness are alike, so blocks are dealt out in turn. */
const BLOCK = 512;

export function blocksOf(n: number, part: number, parts: number): Range[] {
  const ranges: Range[] = [];
  for (let start = part * BLOCK; start < n; start += parts * BLOCK) {
    ranges.push([start, Math.min(start + BLOCK, n)]);
  }
  return ranges;
}

/** Parts worth making of n scalars: below about 1,000 each a part costs more than it saves. */
export const partsOf = (n: number, ranks: number): number =>
  Math.max(1, Math.min(ranks, Math.floor(n / 1024)));
