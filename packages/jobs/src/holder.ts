import type { CIDText, Lease, RefusalReason, Time } from "@foldmesh/protocol";

/**
 * A prover's side of its leases.
 *
 *     (none) → Held    a lease is offered and there is room, else it is refused at once: overload gives a refusal, not a timeout
 *     Held   → Held    a newer epoch of the same task replaces the older one
 *     Held   → (none)  finished, revoked, or given back
 *
 * A lease that runs out is not dropped: a late delivery is still used if it comes first. Epochs seen are remembered while anything of the
 * job is, so a deposed broker's older leases are refused.
 */
export interface HolderState {
  /** leases at once: the least of what workers, memory and disk carry */
  readonly capacity: number;
  readonly held: readonly Lease[];
  /** highest epoch seen of every task, by job */
  readonly epochs: ReadonlyMap<CIDText, ReadonlyMap<string, number>>;
}

export type HolderEvent =
  | { readonly kind: "offered"; readonly lease: Lease }
  | {
      readonly kind: "renewed";
      readonly job: CIDText;
      readonly task: string;
      readonly epoch: number;
      readonly deadline: Time;
    }
  | {
      readonly kind: "revoked" | "finished";
      readonly job: CIDText;
      readonly task: string;
      readonly epoch: number;
    }
  | { readonly kind: "jobOver"; readonly job: CIDText }
  | { readonly kind: "shutDown" };

export type HolderEffect =
  | { readonly kind: "start"; readonly lease: Lease }
  | { readonly kind: "stop"; readonly lease: Lease }
  | { readonly kind: "refuse"; readonly lease: Lease; readonly reason: RefusalReason };

export interface HolderStep {
  readonly state: HolderState;
  readonly effects: readonly HolderEffect[];
}

export function holdNothing(capacity: number): HolderState {
  return { capacity, held: [], epochs: new Map() };
}

export function stepHolder(state: HolderState, event: HolderEvent): HolderStep {
  switch (event.kind) {
    case "offered":
      return onOffered(state, event.lease);
    case "renewed":
      return { state: withDeadline(state, event), effects: [] };
    case "revoked":
      return drop(state, (lease) => isLease(lease, event));
    case "finished":
      return { ...drop(state, (lease) => isLease(lease, event)), effects: [] };
    case "jobOver":
      return onJobOver(state, event.job);
    case "shutDown":
      return giveBack({ ...state, capacity: 0 });
  }
}

function onOffered(state: HolderState, lease: Lease): HolderStep {
  const seen = state.epochs.get(lease.job)?.get(lease.task) ?? -1;
  if (state.held.some((each) => isLease(each, lease))) return { state, effects: [] };
  if (lease.epoch <= seen)
    return { state, effects: [{ kind: "refuse", lease, reason: "stale-epoch" }] };
  const { state: free, effects: stops } = drop(
    { ...state, epochs: remember(state, lease) },
    ({ job, task }) => job === lease.job && task === lease.task,
  );
  if (free.held.length >= free.capacity) {
    const reason = free.capacity === 0 ? "shutting-down" : "overloaded";
    return { state: free, effects: [...stops, { kind: "refuse", lease, reason }] };
  }
  return {
    state: { ...free, held: [...free.held, lease] },
    effects: [...stops, { kind: "start", lease }],
  };
}

function remember({ epochs }: HolderState, { job, task, epoch }: Lease): HolderState["epochs"] {
  return new Map(epochs).set(job, new Map(epochs.get(job)).set(task, epoch));
}

function isLease(lease: Lease, named: { job: CIDText; task: string; epoch: number }): boolean {
  return lease.job === named.job && lease.task === named.task && lease.epoch === named.epoch;
}

function withDeadline(
  state: HolderState,
  event: Extract<HolderEvent, { kind: "renewed" }>,
): HolderState {
  const later = (lease: Lease): Lease =>
    isLease(lease, event) && event.deadline > lease.deadline
      ? { ...lease, deadline: event.deadline }
      : lease;
  return { ...state, held: state.held.map(later) };
}

function drop(state: HolderState, gone: (lease: Lease) => boolean): HolderStep {
  const stops = state.held.filter(gone).map((lease): HolderEffect => ({ kind: "stop", lease }));
  if (stops.length === 0) return { state, effects: [] };
  return { state: { ...state, held: state.held.filter((lease) => !gone(lease)) }, effects: stops };
}

function onJobOver(state: HolderState, job: CIDText): HolderStep {
  const { state: left, effects } = drop(state, (lease) => lease.job === job);
  const epochs = new Map(left.epochs);
  epochs.delete(job);
  return { state: { ...left, epochs }, effects };
}

function giveBack(state: HolderState): HolderStep {
  const effects = state.held.flatMap((lease): HolderEffect[] => [
    { kind: "stop", lease },
    { kind: "refuse", lease, reason: "shutting-down" },
  ]);
  return { state: { ...state, held: [] }, effects };
}

/**
 * Steps between two checkpoints so that making them costs at most `share` (ppm) of proving: what is done twice after a fault is at most
 * this many steps. @param stepMs, checkpointMs measured, > 0
 */
export function checkpointInterval(stepMs: number, checkpointMs: number, share: number): number {
  return Math.max(1, Math.ceil((checkpointMs * 1_000_000) / (stepMs * share)));
}
