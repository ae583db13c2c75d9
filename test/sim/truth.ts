// What is really so, and nobody in the simulation can see: which nodes are right, what was lost, what was paid.

import {
  EMPTY_LEDGER,
  type LedgerEvent,
  type LedgerState,
  stepLedger,
  totalOf,
} from "@foldmesh/market";
import type { CIDText, Range } from "@foldmesh/protocol";
import { cidOf, type Machine } from "./wire.ts";

export interface TrueNode {
  readonly range: Range;
  readonly valid: boolean;
  /** tasks that went into it, with the node that each contributed */
  readonly parts: readonly { readonly task: string; readonly node: CIDText }[];
  /** machines that have its bytes */
  readonly holders: Set<Machine>;
}

export interface Outcome {
  readonly at: number;
  readonly done: boolean;
  readonly root: CIDText | undefined;
}

export class Truth {
  readonly nodes: Map<CIDText, TrueNode> = new Map<CIDText, TrueNode>();
  /** first word of a job's end, by job */
  readonly outcomes: Map<CIDText, Outcome> = new Map<CIDText, Outcome>();
  /** who got the lease of an epoch */
  readonly leases: Map<string, string> = new Map<string, string>();
  /** checkpoints that provers told of, by lease */
  readonly sentCheckpoints: Map<string, number> = new Map<string, number>();
  readonly violations: string[] = [];
  readonly counts: Map<string, number> = new Map<string, number>();
  ledger: LedgerState = EMPTY_LEDGER;
  #made = 0;
  #money = 0n;

  newNode(
    maker: Machine,
    range: Range,
    valid: boolean,
    parts: TrueNode["parts"],
    task?: string,
  ): CIDText {
    const node = cidOf(`node ${this.#made++}`);
    const own = task === undefined ? parts : [...parts, { task, node }];
    this.nodes.set(node, { range, valid, parts: own, holders: new Set([maker]) });
    return node;
  }

  node(cid: CIDText): TrueNode {
    return this.nodes.get(cid) as TrueNode;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  check(holds: boolean, sentence: string): void {
    if (!holds) this.violations.push(sentence);
  }

  /** @returns whether it was not refused; money only moves */
  money(event: LedgerEvent): boolean {
    if (event.kind === "deposit") this.#money += event.amount;
    const { state, effects } = stepLedger(this.ledger, event);
    this.ledger = state;
    this.check(totalOf(state) === this.#money, `after a ${event.kind} the balances do not add up`);
    return effects.every(({ kind }) => kind !== "refuse");
  }

  /** Two leases of one epoch would let two provers be right at once. */
  leased(lease: string, peer: string): void {
    const earlier = this.leases.get(lease) ?? peer;
    this.check(earlier === peer, `${lease} was given to two peers`);
    this.leases.set(lease, peer);
  }
}
