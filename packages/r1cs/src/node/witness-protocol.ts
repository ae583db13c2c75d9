import type { R1CSErrorCode } from "../errors.ts";
import type { EncodedSignal } from "../signals.ts";

// What witness-runner.ts and witness-worker.ts say to each other.

export interface WorkerData {
  /** The module, as limitMemory returned it. */
  readonly wasm: Uint8Array;
  readonly columns: number;
}

export interface RunRequest {
  readonly signals: readonly EncodedSignal[];
}

export type RunReply =
  | { readonly assignment: Uint8Array; readonly log: readonly string[] }
  | { readonly code: R1CSErrorCode; readonly message: string; readonly log: readonly string[] };
