import type { Signer } from "@foldmesh/protocol";
import type { Intervals, Limits } from "./config.ts";
import type { EventHub } from "./events.ts";
import type { LagMeter } from "./lag.ts";
import type { Node } from "./libp2p.ts";
import type { OffenceBook } from "./offences.ts";
import type { Police } from "./police.ts";

/** What every part of a running network needs. */
export interface Context {
  readonly node: Node;
  readonly signer: Signer;
  readonly limits: Limits;
  readonly intervals: Intervals;
  readonly events: EventHub;
  readonly offences: OffenceBook;
  readonly police: Police;
  readonly lag: LagMeter;
  /** aborted when the network stops */
  readonly stopping: AbortSignal;
  /** ms since 1970 */
  readonly clock: () => number;
}
