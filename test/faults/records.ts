// What a run leaves behind to be judged.
import type { Fault } from "./schedule.ts";

/** A line of a daemon's log. */
export interface Line {
  /** when it came, by the campaign's clock, ms */
  readonly at: number;
  readonly name: string;
  /** of the process: 0 for the first, 1 after a restart */
  readonly life: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Struck {
  readonly fault: Fault;
  /** the number of the job in its run */
  readonly job: number;
  /** the process that was hit; undefined when the job was over before the fault's moment came */
  readonly hit: Hit | undefined;
}

export interface Hit {
  readonly name: string;
  readonly at: number;
  readonly healedAt: number;
}

export interface JobRecord {
  readonly job: string | undefined;
  readonly begun: number;
  readonly ended: number;
  /** ms that it might take */
  readonly time: number;
  /** what the dApp's process said last, and with which exit code */
  readonly report: DAppReport | undefined;
  readonly exitCode: number | null;
  readonly said: string;
}

/** The JSON of `foldmesh prove --dial`. */
export interface DAppReport {
  readonly ok: boolean;
  readonly job?: string;
  readonly paid?: string;
  readonly statement?: { readonly zn: readonly string[]; readonly steps: number };
  readonly workers?: readonly { readonly peer: string; readonly paid: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface MemberRecord {
  readonly name: string;
  readonly role: string;
  readonly peer: string;
  readonly lives: number;
  /** exit code of the last life, asked to stop; null when it had to be killed */
  readonly exitCode: number | null;
  /** its receipts as they lie on its disk */
  readonly receipts: readonly ReceiptRecord[];
}

export interface ReceiptRecord {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly amount: bigint;
}

/** A process between two jobs, when nothing is to do. */
export interface Sample {
  readonly name: string;
  readonly life: number;
  readonly at: number;
  readonly handles: number;
  readonly rssMiB: number;
}

/** The brokers' accounts when all jobs were over. */
export interface BooksRecord {
  readonly balances: readonly { readonly peer: string; readonly amount: bigint }[];
  readonly escrowed: bigint;
}

export interface RunRecord {
  readonly seed: number;
  /** least time between two checkpoints of a shard */
  readonly checkpointMs: number;
  readonly expected: { readonly zn: readonly string[]; readonly steps: number };
  readonly jobs: readonly JobRecord[];
  readonly struck: readonly Struck[];
  readonly members: readonly MemberRecord[];
  /** the peer of the hostile member, and what it does; undefined when there was none */
  readonly cheat: { readonly kind: string; readonly peer: string } | undefined;
  /** undefined when a broker did not tell */
  readonly books: BooksRecord | undefined;
  readonly lines: readonly Line[];
  readonly samples: readonly Sample[];
  /** processes that still ran, and ports still taken, after everything was stopped */
  readonly leftovers: { readonly pids: readonly number[]; readonly ports: readonly number[] };
  /** what did not come back to its place between two jobs */
  readonly absent: readonly string[];
}
