// What is known of a job on the network: a pure fold over what its broker tells.
import type { JobEvent, Quotation, Submitted } from "@foldmesh/client";
import type { RemoteEvent } from "../remote/events.ts";
import type { Progress } from "./job-view.ts";

type Range = { readonly start: number; readonly end: number };
type AcceptedEvent = Extract<JobEvent, { kind: "accepted" }>;
type AuctionEvent = Extract<JobEvent, { kind: "auction-opened" }>;

export interface NetworkView {
  readonly broker: string | null;
  readonly quote: Quotation | null;
  readonly order: Submitted | null;
  readonly cut: Pick<AcceptedEvent, "steps" | "stepsPerLeaf" | "leaves"> | null;
  readonly executed: Progress | null;
  readonly shards: readonly Range[];
  /** Announced and not yet closed. */
  readonly auctions: readonly AuctionEvent[];
  /** By task; what is leased, or verified. */
  readonly tasks: ReadonlyMap<string, TaskView>;
  /** Everybody who has held a lease, in the order in which they came. */
  readonly workers: ReadonlyMap<string, WorkerView>;
  /** names of those that were told, by whomever */
  readonly payments: ReadonlySet<string>;
  readonly paid: bigint;
  readonly end: "done" | "failed" | null;
}

export interface TaskView {
  readonly task: string;
  readonly peer: string;
  readonly range: Range;
  readonly price: bigint;
  /** Leaves of the range that are proved; absolute, as the broker counts. */
  readonly done: number;
  readonly state: "leased" | "delivered" | "verified";
}

export interface WorkerView {
  /** Parts won, and verified ones. */
  readonly won: number;
  readonly verified: number;
  readonly paid: bigint;
  readonly blamed: number;
}

export const emptyNetworkView: NetworkView = {
  broker: null,
  quote: null,
  order: null,
  cut: null,
  executed: null,
  shards: [],
  auctions: [],
  tasks: new Map(),
  workers: new Map(),
  payments: new Set(),
  paid: 0n,
  end: null,
};

const NEWCOMER: WorkerView = { won: 0, verified: 0, paid: 0n, blamed: 0 };

export function advanceNetwork(view: NetworkView, event: RemoteEvent): NetworkView {
  switch (event.kind) {
    case "connected":
      return { ...view, broker: event.broker };
    case "quoted":
      return { ...view, quote: event.quote };
    case "ordered":
      return { ...view, order: event.order };
    case "update":
      return advanceJob(view, event.update.event);
    case "waiting":
    case "checking":
    case "checked":
      return view;
  }
}

function advanceJob(view: NetworkView, event: JobEvent): NetworkView {
  switch (event.kind) {
    case "accepted":
      return { ...view, cut: event };
    case "taken-over":
      return { ...view, broker: event.broker, auctions: [] };
    case "executed":
      return { ...view, executed: { done: event.done, total: event.total } };
    case "planned":
      return { ...view, shards: event.shards };
    case "auction-opened":
      return { ...view, auctions: [...view.auctions, event] };
    case "auction-closed":
      return { ...view, auctions: view.auctions.filter((each) => each.auction !== event.auction) };
    case "leased": {
      const { task, peer, range, price } = event;
      const leased = { task, peer, range, price, done: range.start, state: "leased" } as const;
      const tasks = new Map(view.tasks).set(task, leased);
      return withWorker({ ...view, tasks }, peer, ({ won }) => ({ won: won + 1 }));
    }
    case "progress":
    case "checkpoint":
      return withTask(view, event, ({ done }) => ({ done: Math.max(done, event.done) }));
    case "delivered":
      return withTask(view, event, ({ range }) => ({ state: "delivered", done: range.end }));
    case "verified": {
      const verified = withTask(view, event, ({ range }) => ({
        state: "verified",
        done: range.end,
      }));
      return withWorker(verified, event.peer, (each) => ({ verified: each.verified + 1 }));
    }
    case "rejected":
      return view;
    case "blamed":
      return withWorker(withoutTask(view, event), event.peer, ({ blamed }) => ({
        blamed: blamed + 1,
      }));
    case "paid":
    case "owed": {
      const { task, epoch, peer, amount } = event;
      const name = `${task}/${epoch}/${peer}`;
      if (view.payments.has(name)) return view; // whoever takes over tells of all
      const payments = new Set(view.payments).add(name);
      const paid = { ...view, payments, paid: view.paid + amount };
      return withWorker(paid, peer, (each) => ({ paid: each.paid + amount }));
    }
    case "done":
    case "failed":
      return { ...view, end: event.kind };
  }
}

interface Holding {
  readonly task: string;
  readonly peer: string;
}

const isHeldBy = ({ tasks }: NetworkView, { task, peer }: Holding): boolean =>
  tasks.get(task)?.peer === peer;

function withTask(
  view: NetworkView,
  holding: Holding,
  change: (task: TaskView) => Partial<TaskView>,
): NetworkView {
  const task = view.tasks.get(holding.task);
  if (task === undefined || !isHeldBy(view, holding)) return view;
  const tasks = new Map(view.tasks).set(holding.task, { ...task, ...change(task) });
  return { ...view, tasks };
}

/** What somebody lost is open again. */
function withoutTask(view: NetworkView, holding: Holding): NetworkView {
  if (!isHeldBy(view, holding)) return view;
  const tasks = new Map(view.tasks);
  tasks.delete(holding.task);
  return { ...view, tasks };
}

function withWorker(
  view: NetworkView,
  peer: string,
  change: (worker: WorkerView) => Partial<WorkerView>,
): NetworkView {
  const worker = view.workers.get(peer) ?? NEWCOMER;
  const workers = new Map(view.workers).set(peer, { ...worker, ...change(worker) });
  return { ...view, workers };
}

/** Leaves that are proved, and merges above the shards, of the whole job. */
export function progressOf(view: NetworkView): { leaves: Progress; merges: Progress } {
  const tasks = [...view.tasks.values()];
  const shards = tasks.filter(({ task }) => task.startsWith("prove"));
  const merges = tasks.filter(
    ({ task, state }) => task.startsWith("merge") && state === "verified",
  );
  const done = shards.reduce((sum, { done: end, range }) => sum + end - range.start, 0);
  return {
    leaves: { done, total: view.cut?.leaves ?? 0 },
    merges: { done: merges.length, total: Math.max(0, view.shards.length - 1) },
  };
}
