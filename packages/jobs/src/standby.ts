import type { Time } from "@foldmesh/protocol";

/**
 * Who leads a job: its broker or, when that is silent, one of the standbys that the order names.
 *
 *     Following → Leading     nothing heard for a lease, and for `staggerMs` more by each rank, so the first standby comes first
 *     Leading   → Following   a higher term is heard: somebody took over, this one stops handing out anything
 *     any       → Over        the job has ended
 *
 * Terms of rank r are those ≡ r modulo the number of candidates: no two ever lead the same term, and leases' epochs begin with the term.
 * Silence is measured by one's own clock, so clocks may disagree by minutes.
 */
export type StandbyState = Standing &
  (
    | { readonly phase: "Following"; readonly takeOverAt: Time }
    | { readonly phase: "Leading"; readonly renewAt: Time }
    | { readonly phase: "Over" }
  );

interface Standing {
  /** 0 is the broker, 1 the first standby … */
  readonly rank: number;
  readonly candidates: number;
  readonly leaseMs: number;
  readonly staggerMs: number;
  readonly term: number;
  /** whose log is here: of the leader of this term. A new leader's may have forked from it */
  readonly logTerm: number;
  /** its length as far as it is here */
  readonly entries: number;
}

export type StandbyInit = Omit<Standing, "term" | "logTerm" | "entries">;
/** What a candidate must not forget over a restart. */
export type KeptStanding = Pick<Standing, "term" | "logTerm" | "entries">;

type Following = Extract<StandbyState, { phase: "Following" }>;

export type StandbyEvent =
  | { readonly kind: "tick" }
  /** a BrokerLease of the broker or of another candidate */
  | { readonly kind: "heard"; readonly term: number; readonly entries: number }
  /** the log here has grown, or has become that of another term */
  | { readonly kind: "logged"; readonly term: number; readonly entries: number }
  | { readonly kind: "over" };

export type StandbyEffect =
  /** publish a BrokerLease */
  | {
      readonly kind: "renew";
      readonly term: number;
      readonly expires: Time;
      readonly entries: number;
    }
  /** fetch the log of the leader of this term, from this entry on; what is here from there on goes */
  | { readonly kind: "fetchLog"; readonly term: number; readonly from: number }
  /** step the job with `takenOver` of this term, then lead */
  | { readonly kind: "takeOver"; readonly term: number }
  | { readonly kind: "stepDown"; readonly term: number };

export interface StandbyStep {
  readonly state: StandbyState;
  readonly effects: readonly StandbyEffect[];
}

/**
 * The broker begins by leading term 0; everyone else, and a broker that restarts, by following: for no time at all where nobody else may lead.
 * @param kept what was on disk before a restart: the highest term ever led or heard of. Without it a term could be led twice, and
 *   its epochs given to two provers.
 */
export function standBy(
  init: StandbyInit,
  fresh: boolean,
  now: Time,
  kept: KeptStanding = { term: 0, logTerm: 0, entries: 0 },
): StandbyStep {
  const standing = { ...init, ...kept };
  if (fresh && init.rank === 0) return lead(standing, now);
  const state = follow(standing, now);
  return { state: init.candidates > 1 ? state : { ...state, takeOverAt: now }, effects: [] };
}

export function standbyWake(state: StandbyState): Time | undefined {
  if (state.phase === "Over") return undefined;
  return state.phase === "Leading" ? state.renewAt : state.takeOverAt;
}

export function stepStandby(state: StandbyState, event: StandbyEvent, now: Time): StandbyStep {
  if (state.phase === "Over") return { state, effects: [] };
  switch (event.kind) {
    case "tick":
      return onTick(state, now);
    case "heard":
      return onHeard(state, event.term, event.entries, now);
    case "logged":
      return { state: onLogged(state, event), effects: [] };
    case "over":
      return { state: { ...standingOf(state), phase: "Over" }, effects: [] };
  }
}

function onTick(state: Exclude<StandbyState, { phase: "Over" }>, now: Time): StandbyStep {
  if (state.phase === "Leading")
    return now < state.renewAt ? { state, effects: [] } : lead(state, now);
  if (now < state.takeOverAt) return { state, effects: [] };
  const term = nextTerm(state);
  const { state: next, effects } = lead({ ...state, term, logTerm: term }, now);
  return { state: next, effects: [{ kind: "takeOver", term }, ...effects] };
}

/** The smallest term above the present one that is this rank's. */
function nextTerm({ term, rank, candidates }: Standing): number {
  const ahead = (((rank - term) % candidates) + candidates) % candidates;
  return term + (ahead === 0 ? candidates : ahead);
}

function onHeard(state: StandbyState, term: number, entries: number, now: Time): StandbyStep {
  if (term < state.term || (term === state.term && state.phase === "Leading"))
    return { state, effects: [] };
  const followed = follow({ ...state, term }, now);
  const effects: StandbyEffect[] = [];
  if (state.phase === "Leading") effects.push({ kind: "stepDown", term });
  const isSame = term === state.logTerm;
  if (!isSame || entries > state.entries)
    effects.push({ kind: "fetchLog", term, from: isSame ? state.entries : 0 });
  return { state: followed, effects };
}

/** What comes of a former term comes too late. */
function onLogged<S extends StandbyState>(
  state: S,
  { term, entries }: { readonly term: number; readonly entries: number },
): S {
  return term === state.term ? { ...state, logTerm: term, entries } : state;
}

/** Renewed at a third of the lease, so that two lost messages do not depose anyone. */
function lead(standing: Standing, now: Time): StandbyStep {
  const { term, entries, leaseMs } = standing;
  const renewAt = now + Math.floor(leaseMs / 3);
  return {
    state: { ...standingOf(standing), phase: "Leading", renewAt },
    effects: [{ kind: "renew", term, expires: now + leaseMs, entries }],
  };
}

function follow(standing: Standing, now: Time): Following {
  const takeOverAt = now + standing.leaseMs + standing.rank * standing.staggerMs;
  return { ...standingOf(standing), phase: "Following", takeOverAt };
}

function standingOf(standing: Standing): Standing {
  const { rank, candidates, leaseMs, staggerMs, term, logTerm, entries } = standing;
  return { rank, candidates, leaseMs, staggerMs, term, logTerm, entries };
}
