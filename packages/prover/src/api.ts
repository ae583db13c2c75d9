// What the prover offers, as types: requests, progress events, results.

import type { ProofForm } from "@foldmesh/folding";
import type { JobInput, Program } from "@foldmesh/r1cs";
import type { GpuChoice } from "./gpu.ts";

/** Half-open range of leaves (or of steps, where said so). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** How a computation of N steps is cut. */
export interface Plan {
  /** N = leaves · stepsPerLeaf. */
  readonly steps: number;
  readonly stepsPerLeaf: number;
  readonly leaves: number;
  /** Contiguous ranges of leaves; each is proven and merged as a unit, then the tree merges the shards. */
  readonly shards: readonly Range[];
  /** Real constraints of one leaf's structure (leaf, merge circuit and masks), padded to 2^logRows. */
  readonly constraints: number;
  readonly logRows: number;
}

/** Milliseconds of each stage of a merge. */
export interface MergeStages {
  readonly fold: number;
  readonly cyclefold: number;
  readonly witness: number;
  readonly commit: number;
}

export type ProverEvent =
  /** Public parameters being made ready; `key` is the commitment key (derived once, then cached on disk). */
  | {
      readonly type: "setup";
      readonly phase: "circuit" | "key" | "workers";
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: "plan"; readonly plan: Plan }
  /** A line that the circuit printed with log() in a step. Foreign text. */
  | { readonly type: "log"; readonly step: number; readonly line: string }
  /** Witnesses of `done` steps of `total` computed. */
  | { readonly type: "execute"; readonly done: number; readonly total: number }
  | {
      readonly type: "leaf";
      readonly leaf: number;
      readonly shard: number;
      readonly worker: number;
      readonly ms: number;
    }
  /** A node for leaves [range.start, range.end) was made; `shard` is null above the shards. */
  | {
      readonly type: "merge";
      readonly range: Range;
      readonly shard: number | null;
      readonly worker: number;
      readonly ms: number;
      readonly stages: MergeStages;
    }
  /** The root was verified, or compressed. */
  | { readonly type: "verify" | "compress"; readonly ms: number };

/**
 * The commitment key that a program is bound to; proofs under one key are no proofs under another.
 * "transparent", the default: nothing to trust. Powers of tau from a ceremony, in a file of snarkjs: proofs are
 * verified several times faster, and are worth as much as the ceremony.
 */
export type KeyChoice = "transparent" | { readonly ptau: string };

export interface ProveRequest {
  readonly program: Program;
  readonly input: JobInput;
  /** Chained copies of the step in one leaf; must divide the number of steps. Default: chosen by the planner. */
  readonly stepsPerLeaf?: number;
  /** Default: one shard for each thread. */
  readonly shards?: number;
  /** Worker threads; default: all cores. */
  readonly threads?: number;
  /**
   * true (the default): a short proof that hides the witness. false: the root node itself, which
   * **reveals witnesses of the computation** and can be merged further.
   */
  readonly compress?: boolean;
  readonly key?: KeyChoice;
  /** Default: off. */
  readonly gpu?: GpuChoice;
  /** Where commitment keys are cached. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ProverEvent) => void;
}

export type { ProofForm };

/** What a proof states. */
export interface ProofStatement {
  readonly steps: number;
  readonly z0: readonly bigint[];
  readonly zn: readonly bigint[];
  /** Root of the hash tree over the contributors' salted names; one number for a proof made by one machine. */
  readonly provenance: bigint;
}

export interface ProveResult {
  /** The proof file, see proof-file.ts. */
  readonly proof: Uint8Array;
  readonly statement: ProofStatement;
  readonly plan: Plan;
}

export interface VerifyRequest {
  readonly program: Program;
  readonly proof: Uint8Array;
  /** What the caller knows to be asked for. What is left out is taken as the proof claims it. */
  readonly expected?: Partial<ProofStatement>;
  /** What the proof must be bound to: a job's id (mod p), or 0, the default, for proofs good for any job. */
  readonly context?: bigint;
  /**
   * Steps per leaf that the proof may have been made with. Default: any that the planner would choose; a
   * larger claim is refused, because it would make the verifier build a huge circuit.
   */
  readonly stepsPerLeaf?: number;
  /** What the program is bound to, as the caller knows it. */
  readonly key?: KeyChoice;
  readonly cacheDir: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ProverEvent) => void;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly form: ProofForm;
      readonly statement: ProofStatement;
      readonly stepsPerLeaf: number;
      readonly ms: number;
    }
  /** `failures` names every check that failed; `statement` is what the proof claims, null when that cannot be read. */
  | {
      readonly ok: false;
      readonly failures: readonly string[];
      readonly statement: ProofStatement | null;
      readonly ms: number;
    };
