import type { JobUpdate } from "@foldmesh/client";
import type { Recovery } from "./keep/keep.ts";
import type { AuctionFault } from "@foldmesh/market";
import type { NetworkEvent } from "@foldmesh/network";
import type { CIDText, Money, PeerId, Range, RefusalReason, TaskKind } from "@foldmesh/protocol";

interface Work {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
}

/** What happens at a node, for logs, metrics and whoever watches. */
export type NodeEvent =
  | NetworkEvent
  /** broker: everything that the job's client is told too */
  | { readonly kind: "job"; readonly job: CIDText; readonly update: JobUpdate }
  /** broker: the job machine changed nothing on this event */
  | {
      readonly kind: "job-ignored";
      readonly job: CIDText;
      readonly event: string;
      readonly task: string | undefined;
      readonly reason: string;
    }
  /** what was found in the data directory */
  | ({ readonly kind: "store-opened" } & Recovery)
  | { readonly kind: "blob-damaged"; readonly what: string }
  /** broker: a job is taken up where the last run left it */
  | {
      readonly kind: "job-resumed";
      readonly job: CIDText;
      readonly phase: "running" | "done" | "failed";
      readonly entries: number;
      readonly updates: number;
    }
  /** broker: this node is a standby of it */
  | { readonly kind: "job-followed"; readonly job: CIDText; readonly broker: PeerId }
  | { readonly kind: "job-not-resumed"; readonly job: CIDText; readonly reason: string }
  /** broker: what is thought of a peer's advert; a checked one is admitted to auctions */
  | { readonly kind: "listed" | "admitted"; readonly peer: PeerId }
  | { readonly kind: "not-admitted"; readonly peer: PeerId; readonly reason: string }
  | {
      readonly kind: "bid";
      readonly auction: CIDText;
      readonly job: CIDText;
      readonly lots: number;
      readonly capacity: number;
    }
  /** broker: a peer did not open its bid, or not as it had sealed it */
  | {
      readonly kind: "bid-fault";
      readonly job: CIDText;
      readonly peer: PeerId;
      readonly fault: AuctionFault;
    }
  | { readonly kind: "bid-ended"; readonly auction: CIDText; readonly won: number }
  /** a lease is taken up where the last run left it */
  | (Work & {
      readonly kind: "lease-resumed";
      readonly state: "working" | "delivered";
      readonly done: number | undefined;
    })
  | (Work & { readonly kind: "work-started"; readonly work: TaskKind; readonly range: Range })
  | (Work & { readonly kind: "work-progress"; readonly done: number })
  /** written down and told: who goes on begins at leaf `done` */
  | (Work & { readonly kind: "checkpointed"; readonly done: number; readonly ms: number })
  | (Work & { readonly kind: "work-delivered"; readonly bytes: number; readonly ms: number })
  | (Work & { readonly kind: "work-refused"; readonly reason: RefusalReason })
  | (Work & { readonly kind: "work-stopped" })
  | (Work & { readonly kind: "work-failed"; readonly reason: string })
  /** a receipt for our work: `amount` 0 when it was rejected */
  | (Work & { readonly kind: "receipt"; readonly from: PeerId; readonly amount: Money })
  | { readonly kind: "evidence"; readonly accused: PeerId; readonly charge: string }
  | { readonly kind: "gpu"; readonly device: string; readonly layout: string }
  /** a GPU was wanted; what is missing */
  | { readonly kind: "no-gpu"; readonly reason: string }
  | {
      readonly kind: "measured";
      readonly msmPointsPerSecond: number;
      readonly mergesPerMinute: number;
    };

export type NodeObserver = (event: NodeEvent) => void;
