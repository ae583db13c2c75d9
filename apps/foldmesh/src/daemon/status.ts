// What a daemon tells of itself.
import type { NodeStatus } from "@foldmesh/node";
import type { Totals } from "./earnings.ts";

export interface DaemonStatus extends NodeStatus, Totals {
  readonly state: "running";
  readonly pid: number;
  /** ISO 8601 */
  readonly started: string;
}

/** What JSON makes of a value: bigints are decimal strings. */
type InJSON<T> = T extends bigint
  ? string
  : T extends readonly (infer E)[]
    ? readonly InJSON<E>[]
    : T extends object
      ? { readonly [K in keyof T]: InJSON<T[K]> }
      : T;

/** As it comes out of a daemon's socket. */
export type StatusDocument = { readonly state: "starting" } | InJSON<DaemonStatus>;
