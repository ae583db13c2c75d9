import type { MergeStages } from "@foldmesh/prover";

/** One measured line. */
export interface Measurement {
  readonly name: string;
  /** What was measured, where the name leaves it open: "2^16", "t=3", "leaf+leaf". */
  readonly size?: string;
  /** log2 of the rows of a leaf. */
  readonly s?: number;
  readonly threads: number;
  readonly ms: number;
  readonly peer?: string;
  readonly peerMs?: number;
  /** peerMs / ms: how many times faster than the peer, in the same run. */
  readonly ratio?: number;
  /** Milliseconds of each stage of a merge. */
  readonly stages?: MergeStages;
  /** More about it, in words. */
  readonly detail?: string;
  /** Largest resident memory of the process that did it. */
  readonly peakBytes?: number;
}

export interface BenchmarkOptions {
  /** Small sizes, few repetitions. */
  readonly quick: boolean;
  /** Where none is named: those of the GPU instead of the others. */
  readonly gpu: boolean;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** A remark on what goes on, for stderr. */
  readonly note: (text: string) => void;
}

/** A program that measures one thing or a few that come together. */
export interface Benchmark {
  /** Names that its measurements carry. */
  readonly names: readonly string[];
  readonly about: string;
  readonly run: (options: BenchmarkOptions) => AsyncIterable<Measurement>;
}

/** Adds the peer's time and the ratio. */
export const against = (ours: Measurement, peer: string, peerMs: number): Measurement => ({
  ...ours,
  peer,
  peerMs,
  ratio: peerMs / ours.ms,
});
