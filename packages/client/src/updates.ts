// What a broker tells its client of a job, update by update.

import {
  type CIDText,
  type Codec,
  type Money,
  type PeerId,
  type Range,
  type TaskKind,
  type Time,
  cid,
  count,
  duration,
  epoch,
  index,
  list,
  money,
  peer,
  range,
  struct,
  taskId,
  text,
  time,
  union,
  word,
} from "@foldmesh/protocol";

/** Leaves of `stepsPerLeaf` steps each; ranges are of leaves. */
export type JobEvent =
  | {
      readonly kind: "accepted";
      readonly steps: number;
      readonly stepsPerLeaf: number;
      readonly leaves: number;
      /** of one leaf, and of one merge */
      readonly constraints: number;
    }
  /** the broker stayed away, and another one that its order names goes on; numbers go up by a leap */
  | { readonly kind: "taken-over"; readonly broker: PeerId }
  /** the broker computes the states between shards */
  | { readonly kind: "executed"; readonly done: number; readonly total: number }
  | { readonly kind: "planned"; readonly shards: readonly Range[] }
  | {
      readonly kind: "auction-opened";
      readonly auction: CIDText;
      readonly lots: readonly AnnouncedLot[];
      /** admitted; 0 when nobody is known who could do it yet */
      readonly bidders: number;
    }
  | { readonly kind: "auction-closed"; readonly auction: CIDText; readonly sold: readonly Sale[] }
  | (Work & { readonly kind: "leased"; readonly range: Range; readonly price: Money })
  | (Work & { readonly kind: "progress"; readonly done: number })
  | (Work & { readonly kind: "checkpoint"; readonly done: number })
  | (Work & { readonly kind: "delivered"; readonly bytes: number })
  | (Work & { readonly kind: "verified"; readonly range: Range; readonly ms: number })
  | (Work & { readonly kind: "rejected"; readonly failures: readonly string[] })
  /** a peer lost its lease or was caught; `reason` as the job machine names it */
  | (Work & { readonly kind: "blamed"; readonly reason: string })
  | (Work & {
      readonly kind: "paid";
      readonly range: Range;
      readonly amount: Money;
      readonly receipt: CIDText;
    })
  /** paid by the broker before, who led when the job was over: it does so when it is back, if it has not done so already */
  | (Work & { readonly kind: "owed"; readonly range: Range; readonly amount: Money })
  | (Payer & {
      readonly kind: "done";
      readonly proof: CIDText;
      readonly bytes: number;
      /** with what is owed */
      readonly paid: Money;
    })
  | (Payer & { readonly kind: "failed"; readonly reason: string; readonly message: string });

interface Payer {
  /** where the broker that tells this leaves the paying to the one before */
  readonly payer?: PeerId;
}

interface Work {
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
}

export interface AnnouncedLot {
  readonly task: string;
  readonly work: TaskKind;
  readonly range: Range;
  readonly reserve: Money;
}

export interface Sale {
  readonly task: string;
  readonly peer: PeerId;
  readonly price: Money;
  /** what the winner promised, ms */
  readonly duration: number;
}

/** Updates of one job are counted from 0: whoever lost the connection asks from where it stopped. */
export interface JobUpdate {
  readonly sequence: number;
  readonly at: Time;
  readonly event: JobEvent;
}

type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

const MAX_LISTED = 4096;
const work = { task: taskId, epoch, peer };
const sentence = text(500);

const lot: Codec<AnnouncedLot> = struct<AnnouncedLot>({
  task: taskId,
  work: word("prove", "merge", "compress", "verify"),
  range,
  reserve: money,
});

const sale: Codec<Sale> = struct<Sale>({ task: taskId, peer, price: money, duration });

const jobEvent: Codec<JobEvent> = union<JobEvent>({
  accepted: struct({
    kind: word("accepted"),
    steps: index,
    stepsPerLeaf: index,
    leaves: index,
    constraints: count,
  }),
  "taken-over": struct({ kind: word("taken-over"), broker: peer }),
  executed: struct({ kind: word("executed"), done: index, total: index }),
  planned: struct({ kind: word("planned"), shards: list(range, 1, MAX_LISTED) }),
  "auction-opened": struct({
    kind: word("auction-opened"),
    auction: cid,
    lots: list(lot, 1, MAX_LISTED),
    bidders: count,
  }),
  "auction-closed": struct({
    kind: word("auction-closed"),
    auction: cid,
    sold: list(sale, 0, MAX_LISTED),
  }),
  leased: struct({ kind: word("leased"), ...work, range, price: money }),
  progress: struct({ kind: word("progress"), ...work, done: index }),
  checkpoint: struct({ kind: word("checkpoint"), ...work, done: index }),
  delivered: struct({ kind: word("delivered"), ...work, bytes: count }),
  verified: struct({ kind: word("verified"), ...work, range, ms: duration }),
  rejected: struct({ kind: word("rejected"), ...work, failures: list(sentence, 1, 32) }),
  blamed: struct({ kind: word("blamed"), ...work, reason: sentence }),
  paid: struct({ kind: word("paid"), ...work, range, amount: money, receipt: cid }),
  owed: struct({ kind: word("owed"), ...work, range, amount: money }),
  done: struct<On<"done">>(
    { kind: word("done"), proof: cid, bytes: count, paid: money, payer: peer },
    ["payer"],
  ),
  failed: struct<On<"failed">>(
    { kind: word("failed"), reason: sentence, message: sentence, payer: peer },
    ["payer"],
  ),
});

export const jobUpdate: Codec<JobUpdate> = struct<JobUpdate>({
  sequence: count,
  at: time,
  event: jobEvent,
});
