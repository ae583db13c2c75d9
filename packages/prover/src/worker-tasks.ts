// What travels between the main thread and the workers: plain data.

import type { EngineInit, SparseMatrix } from "@foldmesh/algebra";
import type { Claim, MergeStage } from "@foldmesh/folding";
import type { Lineage } from "./lineage.ts";
import type { GpuInit } from "./gpu.ts";
import type { ResidentSetup } from "./resident.ts";

/** Given to every thread of a pool at its start, by the file that it runs. */
export interface WorkerInits {
  /** Public parameters, and loading them into the engine's shared memory. */
  "preparer.ts": { readonly cacheDir: string; readonly engine: EngineInit };
  /** Generators. */
  "deriver.ts": { readonly engine: EngineInit };
  /** Leaves, merges, verification. */
  "worker.ts": {
    readonly engine: EngineInit;
    readonly resident: ResidentSetup;
    readonly gpu?: GpuInit | undefined;
  };
}

/** A step circuit without its field object. */
export interface PackedStep {
  readonly stateSize: number;
  readonly columns: number;
  readonly publicCount: number;
  readonly A: SparseMatrix;
  readonly B: SparseMatrix;
  readonly C: SparseMatrix;
}

export interface DeriveTask {
  readonly step: PackedStep;
  readonly context: bigint;
  readonly stepsPerLeaf: number;
}

export interface Derived {
  /** Bases that the system needs of the commitment key: the length of the inner-product argument. */
  readonly bases: number;
  /** Length of every encoded node of the system. */
  readonly nodeBytes: number;
  /** Of compressed proofs, and the digest that all proofs begin with, under a transparent key. */
  readonly proofBytes: number;
  readonly vk: bigint;
}

/** Generators w, 64 bytes each, or the file of the powers of tau that the program is bound to. */
export type LoadTask = KeyTask & {
  /** Whether a thread will have a GPU, which needs the matrices themselves. */
  readonly gpu: boolean;
};
type KeyTask = { readonly bases: SharedArrayBuffer } | { readonly ptau: string };

export interface BasesTask {
  readonly start: number;
  readonly count: number;
}

export interface LeafTask {
  readonly i: number;
  readonly assignment: Uint8Array;
  readonly pid: bigint;
  readonly mask: boolean;
}

/** Nodes are opaque bytes outside the workers: canonical encodings, decoded strictly by whoever uses them. */
export interface MergeTask {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

export interface NodeResult {
  /** over shared memory: goes on to other threads as it is, and is copied by whoever keeps it */
  readonly node: Uint8Array;
  readonly worker: number;
  readonly ms: number;
}

export interface MergeResult extends NodeResult {
  readonly stages: Readonly<Record<MergeStage, number>>;
}

export interface VerifyTask {
  readonly node: Uint8Array;
  /** Only reads what the node claims and compares it: for nodes that were verified, or will be. */
  readonly statementOnly?: boolean | undefined;
  readonly expected: {
    readonly i: bigint;
    readonly j?: bigint | undefined;
    readonly zIn?: readonly bigint[] | undefined;
    readonly zOut?: readonly bigint[] | undefined;
    readonly provenance?: bigint | undefined;
    /** what the provenance must come from */
    readonly lineage?: Lineage | undefined;
  };
}

export interface VerifyResult {
  /** Empty when valid. */
  readonly failures: readonly string[];
  /** The statement that the node claims; null when it could not be decoded. */
  readonly claim: Claim | null;
  readonly ms: number;
}

export interface CompressTask {
  readonly node: Uint8Array;
}

export interface CompressResult {
  readonly proof: Uint8Array;
  readonly ms: number;
}

/** `proof` is a compressed proof; what is not expected is taken as the proof claims it. */
export interface CheckTask {
  readonly proof: Uint8Array;
  readonly expected: VerifyTask["expected"];
}

/** Typed errors lose their class on the way between threads, so they travel as data. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly name: string; readonly code: string; readonly message: string };
