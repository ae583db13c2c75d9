// What the page and its verifying thread tell each other.

import type { Bundle } from "@foldmesh/client";
import type { Expected, Verdict } from "@foldmesh/client/verify";

/** A verifying key that is ready in the thread. */
export interface KeyInfo {
  readonly digest: string;
  readonly programDigest: string;
  readonly stepsPerLeaf: number;
  readonly stateSize: number;
  /** of the file */
  readonly bytes: number;
  /** how it came and how long that took */
  readonly source: "derived" | "kept" | "file";
  readonly ms: number;
}

/** What was asked for; where the end is not known beforehand, the proof's is taken. */
export interface Asked extends Omit<Expected, "zn"> {
  readonly zn?: readonly bigint[] | undefined;
}

export interface Calls {
  /** The key of a program, derived from its files alone. */
  derive: {
    readonly argument: { readonly program: Bundle; readonly stepsPerLeaf: number };
    readonly result: KeyInfo;
  };
  open: {
    readonly argument: { readonly file: Uint8Array; readonly digest: string | undefined };
    readonly result: KeyInfo;
  };
  verify: {
    readonly argument: { readonly key: string; readonly proof: Uint8Array; readonly asked: Asked };
    readonly result: { readonly verdict: Verdict; readonly ms: number };
  };
}

export type CallName = keyof Calls;

export type Request = {
  [K in CallName]: {
    readonly id: number;
    readonly call: K;
    readonly argument: Calls[K]["argument"];
  };
}[CallName];

export type Reply =
  | { readonly id: number; readonly ok: true; readonly result: Calls[CallName]["result"] }
  | { readonly id: number; readonly ok: false; readonly message: string }
  | { readonly id: number; readonly ok: "progress"; readonly done: number; readonly total: number };
