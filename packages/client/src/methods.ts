// What a dApp asks a broker: each request described once, for the client that calls and the node that answers.
// Signed messages (a ProofRequest, an Order, a Cancel) travel as they are; the rest is canonical DAG-CBOR.

import type { Method } from "@foldmesh/network";
import {
  type CIDText,
  type Codec,
  KINDS,
  type Money,
  cid,
  count,
  index,
  integer,
  list,
  money,
  sorted,
  struct,
  text,
  truth,
  union,
  word,
} from "@foldmesh/protocol";
import { type JobUpdate, jobUpdate } from "./updates.ts";

const NOTHING = 0;
const SMALL = 1024;

/** Is this a broker, and of which version? Request empty, reply `greeting`. */
export const HELLO: Method = { name: "broker/hello", requestLimit: NOTHING, replyLimit: SMALL };

/** Request: a signed ProofRequest, which orders nothing yet. Reply: `quotation`. */
export const QUOTE: Method = {
  name: "job/quote",
  requestLimit: KINDS.ProofRequest.limit,
  replyLimit: SMALL,
  timeout: 60_000, // a broker that does not know the program fetches and opens it first
};

/** Request: a signed ProofRequest. Reply: the broker's signed Order; the same one for the same nonce of the same requester. */
export const SUBMIT: Method = {
  name: "job/submit",
  requestLimit: KINDS.ProofRequest.limit,
  replyLimit: KINDS.Order.limit,
  timeout: 60_000,
};

/** Long poll: request `watchRequest`, reply `watchReply`, at once when there is news and else after the time asked for. */
export const WATCH: Method = {
  name: "job/watch",
  requestLimit: SMALL,
  replyLimit: 2 ** 20,
  timeout: 40_000,
};
export const MAX_WAIT_MS = 25_000;
/** Updates in one reply. */
export const MAX_UPDATES = 256;

/** Request `jobName`, reply `jobResult`. */
export const RESULT: Method = { name: "job/result", requestLimit: SMALL, replyLimit: 2 * SMALL };

/** What a broker is doing, for displays: request empty, reply `outlines`. */
export const JOBS: Method = { name: "broker/jobs", requestLimit: NOTHING, replyLimit: 64 * 1024 };
/** Jobs in one reply, the newest. */
export const MAX_OUTLINES = 256;

/** Request: a signed Cancel. Reply empty. */
export const CANCEL: Method = {
  name: "job/cancel",
  requestLimit: KINDS.Cancel.limit,
  replyLimit: NOTHING,
};

export interface Greeting {
  readonly versions: readonly number[];
  readonly software: string;
}

export const greeting: Codec<Greeting> = struct<Greeting>({
  versions: sorted(integer(1, 65_535), 1, 8, Number),
  software: text(64),
});

/** What a job takes, and what it would cost by the standing asks; prices are 0 while nobody offers. */
export interface Quotation {
  readonly stepsPerLeaf: number;
  readonly leaves: number;
  /** of the whole job, leaves and merges */
  readonly constraints: number;
  /** all of it at the cheapest ask */
  readonly least: Money;
  /** all of it at the median ask */
  readonly typical: Money;
  readonly provers: number;
}

export const quotation: Codec<Quotation> = struct<Quotation>({
  stepsPerLeaf: index,
  leaves: index,
  constraints: count,
  least: money,
  typical: money,
  provers: count,
});

export interface WatchRequest {
  readonly job: CIDText;
  /** sequence of the first update wanted */
  readonly from: number;
  readonly waitMs: number;
}

export const watchRequest: Codec<WatchRequest> = struct<WatchRequest>({
  job: cid,
  from: count,
  waitMs: integer(0, MAX_WAIT_MS),
});

export interface WatchReply {
  readonly updates: readonly JobUpdate[];
  /** nothing will follow these */
  readonly over: boolean;
}

export const watchReply: Codec<WatchReply> = struct<WatchReply>({
  updates: list(jobUpdate, 0, MAX_UPDATES),
  over: truth,
});

export const jobName: Codec<{ readonly job: CIDText }> = struct({ job: cid });

export type JobResult =
  | { readonly kind: "running" }
  /** the proof file as a blob */
  | { readonly kind: "done"; readonly proof: CIDText; readonly bytes: number }
  | { readonly kind: "failed"; readonly reason: string; readonly message: string };

export const jobResult: Codec<JobResult> = union<JobResult>({
  running: struct({ kind: word("running") }),
  done: struct({ kind: word("done"), proof: cid, bytes: count }),
  failed: struct({ kind: word("failed"), reason: text(64), message: text(500) }),
});

/** How far a job is: not whose it is, nor what it computes. */
export interface JobOutline {
  readonly job: CIDText;
  readonly phase: "running" | "done" | "failed";
  /** all of its tasks, 0 before it is planned, and those verified */
  readonly tasks: number;
  readonly verified: number;
}

export const outlines: Codec<readonly JobOutline[]> = list(
  struct<JobOutline>({
    job: cid,
    phase: word("running", "done", "failed"),
    tasks: count,
    verified: count,
  }),
  0,
  MAX_OUTLINES,
);
