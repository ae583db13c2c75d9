import type { Codec } from "@foldmesh/protocol";
import {
  cid,
  count,
  decodeCanonical,
  duration,
  encodeCanonical,
  epoch,
  index,
  list,
  money,
  peer,
  refusalReason,
  struct,
  taskId,
  time,
  truth,
  union,
  word,
} from "@foldmesh/protocol";
import type { JobEvent } from "./events.ts";
import type { LogEntry } from "./job.ts";

type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

const held = { task: taskId, epoch, peer };
const blob = { node: cid, bytes: count };

const jobEvent: Codec<JobEvent> = union<JobEvent>({
  tick: struct({ kind: word("tick") }),
  executed: struct({ kind: word("executed"), done: index }),
  awarded: struct({ kind: word("awarded"), ...held, price: money, duration }),
  unsold: struct({ kind: word("unsold"), task: taskId, epoch }),
  refused: struct({ kind: word("refused"), ...held, reason: refusalReason }),
  progress: struct({ kind: word("progress"), ...held, done: index }),
  checkpointed: struct({
    kind: word("checkpointed"),
    ...held,
    ...blob,
    done: index,
    holders: list(peer, 1, 8),
  }),
  disputed: struct({ kind: word("disputed"), ...held, node: cid }),
  checkpointJudged: struct({
    kind: word("checkpointJudged"),
    task: taskId,
    node: cid,
    valid: truth,
  }),
  checkpointLost: struct({ kind: word("checkpointLost"), task: taskId, node: cid }),
  delivered: struct({ kind: word("delivered"), ...held, ...blob }),
  fetched: struct({ kind: word("fetched"), task: taskId, epoch, node: cid }),
  judged: struct<On<"judged">>(
    {
      kind: word("judged"),
      task: taskId,
      epoch,
      node: cid,
      valid: truth,
      missing: truth,
      culprit: taskId,
    },
    ["missing", "culprit"],
  ),
  disconnected: struct({ kind: word("disconnected"), peer }),
  reconnected: struct({ kind: word("reconnected"), peer }),
  takenOver: struct({ kind: word("takenOver"), term: epoch }),
  cancelled: struct({ kind: word("cancelled") }),
  settling: struct({ kind: word("settling"), payer: peer }),
});

const entry: Codec<LogEntry> = struct<LogEntry>({ at: time, event: jobEvent });

/** One entry of a job's log as it is stored and sent to standbys: canonical DAG-CBOR. */
export function encodeEntry(value: LogEntry): Uint8Array {
  return encodeCanonical(entry, value);
}

/** @throws ProtocolError on anything that `encodeEntry` cannot have made */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  return decodeCanonical(entry, bytes, "log entry");
}
