// What a daemon tells of itself, and how it is shown.
import type { NodeStatus } from "@foldmesh/node";
import type { Totals } from "./earnings.ts";

export interface DaemonStatus extends NodeStatus, Totals {
  readonly state: "running";
  readonly pid: number;
  /** ISO 8601 */
  readonly started: string;
}
