import type { CIDText, Money, PeerId, Range } from "@foldmesh/protocol";
import type { MarketRefusal } from "./errors.ts";

/**
 * The embedded ledger: balances, and one escrow for each job out of which provers are paid. Money only moves; the sum over balances and
 * escrows changes by deposits and withdrawals alone. A step of a task is paid once: payments of overlapping ranges are refused.
 *
 *     (none) → Open      escrow: the requester's maximum price is set aside
 *     Open   → Open      pay
 *     Open   → Settled   settle: what is left goes back
 */
export interface LedgerState {
  readonly balances: ReadonlyMap<PeerId, Money>;
  readonly escrows: ReadonlyMap<CIDText, Escrow>;
}

export type Escrow =
  | {
      readonly phase: "Open";
      readonly from: PeerId;
      readonly left: Money;
      readonly paid: readonly Payment[];
    }
  | { readonly phase: "Settled"; readonly from: PeerId; readonly paid: readonly Payment[] };

/** For the part `range` of a task. */
export interface Payment {
  readonly task: string;
  readonly range: Range;
  readonly epoch: number;
  readonly to: PeerId;
  readonly amount: Money;
}

export type LedgerEvent =
  | { readonly kind: "deposit"; readonly peer: PeerId; readonly amount: Money }
  | { readonly kind: "withdraw"; readonly peer: PeerId; readonly amount: Money }
  | {
      readonly kind: "escrow";
      readonly job: CIDText;
      readonly from: PeerId;
      readonly amount: Money;
    }
  | { readonly kind: "pay"; readonly job: CIDText; readonly payment: Payment }
  | { readonly kind: "settle"; readonly job: CIDText };

export type LedgerEffect =
  | { readonly kind: "refuse"; readonly reason: MarketRefusal }
  | { readonly kind: "paid"; readonly job: CIDText; readonly payment: Payment }
  | {
      readonly kind: "refunded";
      readonly job: CIDText;
      readonly to: PeerId;
      readonly amount: Money;
    };

export interface LedgerStep {
  readonly state: LedgerState;
  readonly effects: readonly LedgerEffect[];
}

export const EMPTY_LEDGER: LedgerState = { balances: new Map(), escrows: new Map() };

export const balanceOf = (state: LedgerState, peer: PeerId): Money =>
  state.balances.get(peer) ?? 0n;

/** Balances and open escrows together. */
export function totalOf({ balances, escrows }: LedgerState): Money {
  const held = [...escrows.values()].map((each) => (each.phase === "Open" ? each.left : 0n));
  return [...balances.values(), ...held].reduce((a, b) => a + b, 0n);
}

/** The same balances and open escrows by the fewest events; what is settled is forgotten. */
export function compactLedger(state: LedgerState): readonly LedgerEvent[] {
  const open = [...state.escrows].flatMap(([job, escrow]) => reopening(job, escrow));
  const so = open.reduce((each, event) => stepLedger(each, event).state, EMPTY_LEDGER);
  const peers = new Set([...state.balances.keys(), ...so.balances.keys()]);
  const rest = [...peers].flatMap((peer): readonly LedgerEvent[] => {
    const more = balanceOf(state, peer) - balanceOf(so, peer);
    if (more === 0n) return [];
    return more > 0n
      ? [{ kind: "deposit", peer, amount: more }]
      : [{ kind: "withdraw", peer, amount: -more }];
  });
  return [...open, ...rest];
}

function reopening(job: CIDText, escrow: Escrow): readonly LedgerEvent[] {
  if (escrow.phase === "Settled") return [];
  const { from, left, paid } = escrow;
  const amount = paid.reduce((sum, payment) => sum + payment.amount, left);
  return [
    { kind: "deposit", peer: from, amount },
    { kind: "escrow", job, from, amount },
    ...paid.map((payment) => ({ kind: "pay", job, payment }) as const),
  ];
}

/** Amounts are at least 0 (negative ones are our own mistake and throw). Refused events change nothing. */
export function stepLedger(state: LedgerState, event: LedgerEvent): LedgerStep {
  if (amountOf(event) < 0n) throw new Error(`assertion failed: negative amount in a ${event.kind}`);
  switch (event.kind) {
    case "deposit":
      return { state: credit(state, event.peer, event.amount), effects: [] };
    case "withdraw":
      return debit(state, event.peer, event.amount);
    case "escrow":
      return openEscrow(state, event);
    case "pay":
      return pay(state, event.job, event.payment);
    case "settle":
      return settle(state, event.job);
  }
}

function amountOf(event: LedgerEvent): Money {
  if (event.kind === "settle") return 0n;
  return event.kind === "pay" ? event.payment.amount : event.amount;
}

function credit(state: LedgerState, peer: PeerId, amount: Money): LedgerState {
  return { ...state, balances: new Map(state.balances).set(peer, balanceOf(state, peer) + amount) };
}

function debit(state: LedgerState, peer: PeerId, amount: Money): LedgerStep {
  if (amount > balanceOf(state, peer)) return refuse(state, "INSUFFICIENT_FUNDS");
  return { state: credit(state, peer, -amount), effects: [] };
}

function openEscrow(
  state: LedgerState,
  { job, from, amount }: Extract<LedgerEvent, { kind: "escrow" }>,
): LedgerStep {
  if (state.escrows.has(job)) return refuse(state, "DUPLICATE");
  const debited = debit(state, from, amount);
  if (debited.effects.length > 0) return debited;
  return {
    state: withEscrow(debited.state, job, { phase: "Open", from, left: amount, paid: [] }),
    effects: [],
  };
}

function pay(state: LedgerState, job: CIDText, payment: Payment): LedgerStep {
  const escrow = state.escrows.get(job);
  if (escrow?.phase !== "Open") return refuse(state, "UNKNOWN_JOB");
  if (escrow.paid.some((earlier) => overlaps(earlier, payment)))
    return refuse(state, "ALREADY_PAID");
  if (payment.amount > escrow.left) return refuse(state, "INSUFFICIENT_FUNDS");
  const left = escrow.left - payment.amount;
  const next = withEscrow(state, job, { ...escrow, left, paid: [...escrow.paid, payment] });
  return {
    state: credit(next, payment.to, payment.amount),
    effects: [{ kind: "paid", job, payment }],
  };
}

function overlaps(a: Payment, b: Payment): boolean {
  return a.task === b.task && a.range.start < b.range.end && b.range.start < a.range.end;
}

function settle(state: LedgerState, job: CIDText): LedgerStep {
  const escrow = state.escrows.get(job);
  if (escrow?.phase !== "Open") return refuse(state, "UNKNOWN_JOB");
  const { from, left, paid } = escrow;
  const settled = withEscrow(state, job, { phase: "Settled", from, paid });
  return {
    state: credit(settled, from, left),
    effects: [{ kind: "refunded", job, to: from, amount: left }],
  };
}

function withEscrow(state: LedgerState, job: CIDText, escrow: Escrow): LedgerState {
  return { ...state, escrows: new Map(state.escrows).set(job, escrow) };
}

function refuse(state: LedgerState, reason: MarketRefusal): LedgerStep {
  return { state, effects: [{ kind: "refuse", reason }] };
}
