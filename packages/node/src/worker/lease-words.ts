// Leases by their names, and what is said of them.

import { ClientError } from "@foldmesh/client";
import { NetworkError, RequestRefused, cidOfBytes } from "@foldmesh/network";
import {
  type CIDText,
  KINDS,
  type Lease,
  type RefusalReason,
  encodeCanonical,
} from "@foldmesh/protocol";
import { BadResume } from "./tasks.ts";

/** What a lease is named by. */
export interface Place {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
}

export const placeOf = ({ job, task, epoch }: Place): Place => ({ job, task, epoch });
export const nameOf = ({ job, task, epoch }: Place): string => `${job}/${task}/${epoch}`;

/** Whether two leases are of the same work for the same price. */
export const isSameWork = (a: Lease, b: Lease): boolean =>
  cidOf({ ...a, deadline: 0 }) === cidOf({ ...b, deadline: 0 });

const cidOf = (lease: Lease): CIDText => cidOfBytes(encodeCanonical(KINDS.Lease.content, lease));

/** Whether a broker says that a lease is not held, or its job not known. */
export const isOver = (error: unknown): boolean =>
  error instanceof RequestRefused && ["STALE_EPOCH", "UNKNOWN_JOB"].includes(error.code);

export const refusalCode = (reason: RefusalReason): string =>
  reason.replace("-", "_").toUpperCase();

/** What a broker is told of a failure here. */
export function reasonOf(error: unknown): RefusalReason {
  if (error instanceof ClientError) return "unknown-program";
  if (error instanceof BadResume) return "bad-checkpoint";
  if (error instanceof NetworkError) return "missing-input";
  return "overloaded";
}
