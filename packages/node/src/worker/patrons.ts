// What this node thinks of brokers: of their awards leases should come, and of its deliveries receipts. For who lets it down it does not bid.

import type { PeerId, Time } from "@foldmesh/protocol";

interface Account {
  /** receipts that came */
  receipts: number;
  /** awards after which no lease came, less the leases that came since */
  lapses: number;
  /** no bids until then */
  restUntil: Time;
  /** announcements in the second that began at `since` */
  asked: number;
  since: Time;
}

interface Debt {
  readonly broker: PeerId;
  /** when a receipt should have come; Infinity until something was delivered */
  due: Time;
}

/** Leases that a receipt may still come for. */
const MOST_DEBTS = 16_384;
/** Receipts that a newcomer may owe when its jobs are over; whoever has paid more may owe more. */
const MOST_OVERDUE = 8;
/** From the deadline of a job to its last receipt. */
const SETTLING_MS = 60_000;
const REST_MS = 5_000;
const LONGEST_REST_MS = 600_000;
/** Announcements of one broker in a second: each draws a commitment that goes to everybody. */
const MOST_ASKED = 64;
const MOST_BROKERS = 1024;

export class Patrons {
  readonly #now: () => Time;
  readonly #accounts = new Map<PeerId, Account>();
  /** by lease */
  readonly #debts = new Map<string, Debt>();

  constructor(now: () => Time) {
    this.#now = now;
  }

  /** Whether an announcement that has come is answered. */
  deserves(broker: PeerId): boolean {
    const now = this.#now();
    const account = this.#of(broker);
    if (now >= account.since + 1000) Object.assign(account, { since: now, asked: 0 });
    account.asked++;
    if (account.asked > MOST_ASKED || account.restUntil > now) return false;
    const debts = this.#debts.values().filter((debt) => debt.broker === broker);
    const overdue = debts.filter(({ due }) => due + SETTLING_MS < now).toArray().length;
    return overdue <= Math.max(MOST_OVERDUE, account.receipts);
  }

  /** An award after which no lease came: the slots waited for nothing. Of several at once, as when it crashed, one counts. */
  onLapse(broker: PeerId): void {
    const account = this.#of(broker);
    const now = this.#now();
    if (account.restUntil > now) return;
    account.restUntil = now + Math.min(LONGEST_REST_MS, REST_MS * 2 ** account.lapses++);
  }

  onLease(lease: string, broker: PeerId): void {
    const account = this.#of(broker);
    account.lapses = Math.max(0, account.lapses - 1);
    this.#debts.set(lease, { broker, due: Infinity });
    const [oldest] = this.#debts.keys();
    if (this.#debts.size > MOST_DEBTS && oldest !== undefined) this.#debts.delete(oldest);
  }

  /** @param deadline of the job: it pays at its end */
  onDelivered(lease: string, deadline: Time): void {
    const debt = this.#debts.get(lease);
    if (debt !== undefined) debt.due = deadline;
  }

  /** Who a lease's receipt comes from: anybody may sign one for anybody. */
  brokerOf(lease: string): PeerId | undefined {
    return this.#debts.get(lease)?.broker;
  }

  onReceipt(lease: string): void {
    const broker = this.brokerOf(lease);
    if (broker !== undefined) this.#of(broker).receipts++;
    this.#debts.delete(lease);
  }

  #of(broker: PeerId): Account {
    const account = this.#accounts.get(broker) ?? {
      receipts: 0,
      lapses: 0,
      restUntil: 0,
      asked: 0,
      since: 0,
    };
    this.#accounts.delete(broker);
    this.#accounts.set(broker, account); // last heard of stands last
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > MOST_BROKERS && oldest !== undefined) this.#accounts.delete(oldest);
    return account;
  }
}
