// What nodes ask each other.

import { type JobUpdate, jobUpdate } from "@foldmesh/client";
import type { Method } from "@foldmesh/network";
import {
  type CIDText,
  type Codec,
  type Hex32,
  KINDS,
  bytes,
  cid,
  count,
  epoch,
  hex32,
  index,
  list,
  struct,
  text,
} from "@foldmesh/protocol";
import { type JobRecord, jobRecord } from "./keep/records.ts";

/** Of a broker, by who may work for it. Request `jobName` of the client, reply `terms`. */
export const TERMS: Method = { name: "job/terms", requestLimit: 256, replyLimit: 64 * 1024 };

/**
 * Of a worker, by its broker: a signed Lease, LeaseRenewal or Revocation; or a BrokerLease, by who leads the job now. Reply empty; a lease
 * may be refused, and whatever a deposed broker says.
 */
export const LEASE: Method = { name: "work/lease", requestLimit: KINDS.Lease.limit, replyLimit: 0 };

/** Of a broker, by its worker: a signed Progress, Checkpoint, Delivery or Refusal. Reply empty. */
export const REPORT: Method = {
  name: "work/report",
  requestLimit: KINDS.Delivery.limit,
  replyLimit: 0,
};

/** Of a candidate for leading a job, by the one who leads it: request and reply are `candidacy`. */
export const LEAD: Method = { name: "job/lead", requestLimit: 4096, replyLimit: 4096 };

/** Of a candidate for leading a job, by another. Request `logRequest`, reply `logPage`. */
export const LOG: Method = {
  name: "job/log",
  requestLimit: 256,
  replyLimit: 2 ** 23,
  timeout: 30_000,
};

/** Where a candidate stands; what a leader says of itself, and is answered. */
export interface Candidacy {
  readonly job: CIDText;
  /** the highest it has led or heard of; who leads it follows from it */
  readonly term: number;
  /** whose log it has, and up to where with all that the log names */
  readonly logTerm: number;
  readonly entries: number;
  /** the job is over: the last that its requester is told */
  readonly last?: JobUpdate;
}

export const candidacy: Codec<Candidacy> = struct<Candidacy>(
  { job: cid, term: epoch, logTerm: epoch, entries: count, last: jobUpdate },
  ["last"],
);

export interface LogRequest {
  readonly job: CIDText;
  readonly from: number;
}

export const logRequest: Codec<LogRequest> = struct<LogRequest>({ job: cid, from: count });

/** Entries in one page. */
export const MAX_ENTRIES = 512;

export interface LogItem {
  /** `encodeEntry` of jobs */
  readonly entry: Uint8Array;
  /** the worker's signed Delivery, of an entry that tells of one */
  readonly delivery?: Uint8Array;
}

export interface LogPage {
  /** what the log begins with; on its first page */
  readonly record?: JobRecord;
  readonly items: readonly LogItem[];
}

export const logPage: Codec<LogPage> = struct<LogPage>(
  {
    record: jobRecord,
    items: list(
      struct<LogItem>({ entry: bytes(1, 2048), delivery: bytes(1, KINDS.Delivery.limit) }, [
        "delivery",
      ]),
      0,
      MAX_ENTRIES,
    ),
  },
  ["record"],
);

/** Of a worker, by a broker that has never worked with it. Request and reply: measure/challenge.ts. */
export const CHALLENGE: Method = {
  name: "work/challenge",
  requestLimit: 256,
  replyLimit: 64,
  timeout: 30_000,
};

/** Of anybody, by anybody it is connected to: what it heard last. Request one byte; reply: evidence/exchange.ts. */
export const RECENT: Method = { name: "record/recent", requestLimit: 1, replyLimit: 256 * 1024 };

/** What a worker must know of a job beyond its lease; both messages are signed, so nobody need believe the broker. */
export interface Terms {
  /** the requester's ProofRequest; its id is the job's name */
  readonly request: Uint8Array;
  /** the broker's Order */
  readonly order: Uint8Array;
  readonly stepsPerLeaf: number;
}

export const terms: Codec<Terms> = struct<Terms>({
  request: bytes(1, KINDS.ProofRequest.limit),
  order: bytes(1, KINDS.Order.limit),
  stepsPerLeaf: index,
});

/** Of a validator, by anybody who serves the program and the proof. Request `verifyRequest`, reply `verdictCodec`. */
export const VERIFY: Method = {
  name: "proof/verify",
  requestLimit: 32 * 1024,
  replyLimit: 32 * 1024,
  timeout: 120_000,
};

/** Whether a proof file shows that so many steps of a program lead from z0 to zn. */
export interface VerifyQuestion {
  readonly program: CIDText;
  /** of tau, that the program is bound to, named as in a request */
  readonly powers?: Hex32;
  readonly proof: CIDText;
  readonly bytes: number;
  readonly z0: readonly Hex32[];
  readonly zn: readonly Hex32[];
  readonly steps: number;
}

export const verifyRequest: Codec<VerifyQuestion> = struct<VerifyQuestion>(
  {
    program: cid,
    powers: hex32,
    proof: cid,
    bytes: count,
    z0: list(hex32, 1, 256),
    zn: list(hex32, 1, 256),
    steps: index,
  },
  ["powers"],
);

/** Empty when the proof is valid. */
export const verdictCodec: Codec<{ readonly failures: readonly string[] }> = struct({
  failures: list(text(500), 0, 32),
});
