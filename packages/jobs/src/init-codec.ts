import type { Codec } from "@foldmesh/protocol";
import {
  cid,
  count,
  decodeCanonical,
  duration,
  encodeCanonical,
  list,
  money,
  peer,
  range,
  struct,
  time,
  truth,
} from "@foldmesh/protocol";
import type { JobInit } from "./job-state.ts";
import type { JobConfig } from "./task-state.ts";

/** Shards of one job that can be written down. */
const MAX_SHARDS = 65_536;

const config: Codec<JobConfig> = struct<JobConfig>({
  leaseMs: duration,
  graceMs: duration,
  verifyMs: duration,
  slack: count,
  firstReserve: count,
  maxDuration: count,
  longestMs: duration,
  slowestNs: count,
  maxAttempts: count,
  aheadMs: duration,
  reserveMs: duration,
});

const init: Codec<JobInit> = struct<JobInit>(
  {
    job: cid,
    broker: peer,
    shards: list(range, 1, MAX_SHARDS),
    compress: truth,
    constraints: struct<JobInit["constraints"]>({ leaf: count, merge: count, compress: count }),
    maxPrice: money,
    deadline: time,
    config,
    executing: truth,
  },
  ["executing"],
);

/** What a job began with, as it is stored and sent to standbys: canonical DAG-CBOR. */
export function encodeInit(value: JobInit): Uint8Array {
  return encodeCanonical(init, value);
}

/** @throws ProtocolError on anything that `encodeInit` cannot have made */
export function decodeInit(bytes: Uint8Array): JobInit {
  return decodeCanonical(init, bytes, "job plan");
}
