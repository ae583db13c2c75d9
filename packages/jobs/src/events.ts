import type {
  CIDText,
  Money,
  PeerId,
  Range,
  RefusalReason,
  RevocationReason,
  TaskKind,
  Time,
} from "@foldmesh/protocol";

/** What happens to a job. The shell checks signatures, senders and blobs first, then logs the event, then steps. */
export type JobEvent =
  | { readonly kind: "tick" }
  /** the computation has been executed up to this leaf (exclusive) */
  | { readonly kind: "executed"; readonly done: number }
  /** an auction sold the task */
  | {
      readonly kind: "awarded";
      readonly task: string;
      readonly epoch: number;
      readonly peer: PeerId;
      readonly price: Money;
      /** what the winner promised, ms */
      readonly duration: number;
    }
  /** the auction ended without a buyer */
  | { readonly kind: "unsold"; readonly task: string; readonly epoch: number }
  | (FromHolder & { readonly kind: "refused"; readonly reason: RefusalReason })
  | (FromHolder & { readonly kind: "progress"; readonly done: number })
  | (FromHolder &
      Blob & {
        readonly kind: "checkpointed";
        readonly done: number;
        readonly holders: readonly PeerId[];
      })
  /** the holder found the checkpoint that it should continue from to be bad */
  | (FromHolder & { readonly kind: "disputed"; readonly node: CIDText })
  | {
      readonly kind: "checkpointJudged";
      readonly task: string;
      readonly node: CIDText;
      readonly valid: boolean;
    }
  /** none of a checkpoint's holders has it any more: the shell asked them all */
  | { readonly kind: "checkpointLost"; readonly task: string; readonly node: CIDText }
  | (FromHolder & Blob & { readonly kind: "delivered" })
  /** a delivered node is here: what takes it can begin */
  | {
      readonly kind: "fetched";
      readonly task: string;
      readonly epoch: number;
      readonly node: CIDText;
    }
  | {
      readonly kind: "judged";
      readonly task: string;
      readonly epoch: number;
      readonly node: CIDText;
      readonly valid: boolean;
      /** not valid because nobody has it any more: its maker is gone, which is no lie */
      readonly missing?: boolean;
      /** where bisection found the fault: a task below, whose node had been accepted */
      readonly culprit?: string;
    }
  | { readonly kind: "disconnected"; readonly peer: PeerId }
  | { readonly kind: "reconnected"; readonly peer: PeerId }
  /** a broker begins a term: a standby, or the same one after a restart */
  | { readonly kind: "takenOver"; readonly term: number }
  | { readonly kind: "cancelled" }
  /** the job is over, and this broker pays for it, whoever leads it later */
  | { readonly kind: "settling"; readonly payer: PeerId };

interface FromHolder {
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
}

interface Blob {
  readonly node: CIDText;
  readonly bytes: number;
}

/** Why a peer lost a lease or what it made; the shell turns it into reputation and receipts. */
export type BlameReason =
  | "EXPIRED" // did not finish in a multiple of the time it promised
  | "STALLED" // no progress
  | "DISCONNECTED" // gone for longer than the grace time
  | "REFUSED" // bid, won, and did not take it
  | "INVALID_NODE"
  | "INVALID_CHECKPOINT"
  | "FALSE_DISPUTE";

/** Why an event changed nothing; its sender may be told. */
export type Ignored =
  | "UNKNOWN_TASK"
  | "STALE_EPOCH"
  | "NOT_HOLDER"
  | "SETTLED"
  | "DUPLICATE"
  | "OUT_OF_RANGE"
  | "OVER_BUDGET"
  | "JOB_OVER"
  | "JOB_RUNNING";

export type JobFailure = "DEADLINE" | "CANCELLED" | "NO_BIDDERS" | "TOO_MANY_ATTEMPTS";

/** A task as the market sells it (market's LotForSale). */
export interface JobLot {
  readonly task: string;
  readonly kind: TaskKind;
  readonly epoch: number;
  /** what is left to prove */
  readonly range: Range;
  readonly constraints: number;
  readonly reserve: Money;
  readonly maxReserve: Money;
  readonly maxDuration: number;
}

/** Where the next prover continues. */
export interface Resume {
  readonly done: Range;
  readonly node: CIDText;
  readonly bytes: number;
  readonly holders: readonly PeerId[];
  readonly from: PeerId;
}

interface LeaseTerms extends FromHolder {
  readonly range: Range;
  readonly price: Money;
  readonly deadline: Time;
  readonly inputs: readonly CIDText[];
  readonly resume?: Resume;
}

/** What the shell is to do. Effects of one step are in order; all are safe to do twice. */
export type JobEffect =
  | {
      readonly kind: "announceAuction";
      readonly lots: readonly JobLot[];
      /** peers caught cheating in this job */
      readonly exclude: readonly PeerId[];
    }
  | { readonly kind: "cancelAuction"; readonly task: string; readonly epoch: number }
  | (LeaseTerms & { readonly kind: "sendLease" })
  /** a new term began, or the holder was away: it may never have got the lease, know another broker, or have forgotten it */
  | (LeaseTerms & { readonly kind: "confirmLease" })
  | (FromHolder & { readonly kind: "renewLease"; readonly deadline: Time })
  | (FromHolder & { readonly kind: "revoke"; readonly reason: RevocationReason })
  | (FromHolder &
      Blob & {
        readonly kind: "storeCheckpoint";
        readonly done: Range;
        readonly holders: readonly PeerId[];
      })
  | (FromHolder &
      Blob & {
        readonly kind: "requestVerify";
        readonly subject: "node" | "checkpoint" | "root";
        readonly range: Range;
        readonly attempt: number;
      })
  | (FromHolder & { readonly kind: "blame"; readonly reason: BlameReason })
  | (FromHolder & {
      readonly kind: "pay";
      /** the part of the task that this peer proved */
      readonly range: Range;
      readonly amount: Money;
      readonly promisedMs: number;
      readonly takenMs: number;
    })
  | {
      readonly kind: "ignored";
      readonly event: JobEvent["kind"];
      readonly task?: string;
      readonly reason: Ignored;
    }
  | { readonly kind: "jobDone"; readonly root: CIDText; readonly bytes: number }
  | { readonly kind: "jobFailed"; readonly reason: JobFailure; readonly task?: string };
