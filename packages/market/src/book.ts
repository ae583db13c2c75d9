import type {
  AnyMessage,
  Bidder,
  CapabilityAdvert,
  CIDText,
  Evidence,
  Money,
  PeerId,
  PPM,
  ProofRequest,
  Role,
  SignedMessage,
  Time,
} from "@foldmesh/protocol";
import { equivocation } from "@foldmesh/protocol";
import { priceOf } from "./bidding.ts";
import type { MarketRefusal } from "./errors.ts";

/**
 * The order book: standing asks (the live adverts) against open requests.
 *
 *     ask:      Listed → Checked      its benchmark was challenged and held; only then is it admitted to auctions
 *     ask:      any → (gone)          expired, withdrawn (an advert without roles), or its benchmark was a lie
 *     request:  Open → (gone)         accepted as an order, cancelled, or past its deadline
 */
export interface BookState {
  readonly asks: ReadonlyMap<PeerId, Ask>;
  readonly requests: ReadonlyMap<CIDText, SignedMessage<"ProofRequest">>;
  /** highest sequence seen of every peer that is gone: a replayed advert does not bring it back. Until it would have expired. */
  readonly gone: ReadonlyMap<PeerId, { readonly sequence: number; readonly until: Time }>;
}

export interface Ask {
  readonly phase: "Listed" | "Checked";
  readonly message: SignedMessage<"CapabilityAdvert">;
}

export type BookEvent =
  | { readonly kind: "advert"; readonly message: SignedMessage<"CapabilityAdvert"> }
  /** the timed challenge of a peer's claimed benchmark has ended */
  | { readonly kind: "checked"; readonly peer: PeerId; readonly held: boolean }
  | { readonly kind: "request"; readonly message: SignedMessage<"ProofRequest"> }
  | { readonly kind: "taken"; readonly job: CIDText }
  | { readonly kind: "tick" };

export type BookEffect =
  | { readonly kind: "refuse"; readonly message: CIDText; readonly reason: MarketRefusal }
  | { readonly kind: "evidence"; readonly content: Evidence }
  | { readonly kind: "challenge"; readonly peer: PeerId };

export interface BookStep {
  readonly state: BookState;
  readonly effects: readonly BookEffect[];
}

export const EMPTY_BOOK: BookState = { asks: new Map(), requests: new Map(), gone: new Map() };

export function stepBook(state: BookState, event: BookEvent, now: Time): BookStep {
  switch (event.kind) {
    case "advert":
      return onAdvert(state, event.message, now);
    case "checked":
      return onChecked(state, event.peer, event.held);
    case "request":
      return onRequest(state, event.message, now);
    case "taken":
      return { state: { ...state, requests: without(state.requests, event.job) }, effects: [] };
    case "tick":
      return { state: dropExpired(state, now), effects: [] };
  }
}

function onAdvert(
  state: BookState,
  message: SignedMessage<"CapabilityAdvert">,
  now: Time,
): BookStep {
  const { sender, content } = message;
  const known = state.asks.get(sender);
  if (known?.message.id === message.id) return { state, effects: [] };
  if (content.expires <= now) return refuse(state, message, "EXPIRED");
  if (known?.message.content.sequence === content.sequence)
    return expose(state, known.message, message);
  const highest = known?.message.content.sequence ?? state.gone.get(sender)?.sequence ?? -1;
  if (content.sequence <= highest) return refuse(state, message, "STALE");
  if (content.roles.length === 0) return { state: drop(state, sender, content), effects: [] };
  const phase = known && sameClaims(known.message.content, content) ? known.phase : "Listed";
  const asks = new Map(state.asks).set(sender, { phase, message });
  const gone = without(state.gone, sender);
  return {
    state: { ...state, asks, gone },
    effects: phase === "Listed" ? [{ kind: "challenge", peer: sender }] : [],
  };
}

/** A refreshed advert keeps its check as long as it claims no other hardware. */
function sameClaims(a: CapabilityAdvert, b: CapabilityAdvert): boolean {
  return JSON.stringify(a.backends) === JSON.stringify(b.backends);
}

/** Two adverts of one sequence: the first stays, and both are evidence. */
function expose(
  state: BookState,
  first: AnyMessage,
  second: SignedMessage<"CapabilityAdvert">,
): BookStep {
  const { effects } = refuse(state, second, "EQUIVOCATION");
  return {
    state,
    effects: [{ kind: "evidence", content: equivocation(first, second) }, ...effects],
  };
}

function drop(state: BookState, peer: PeerId, { sequence, expires }: CapabilityAdvert): BookState {
  const gone = new Map(state.gone).set(peer, { sequence, until: expires });
  return { ...state, asks: without(state.asks, peer), gone };
}

function onChecked(state: BookState, peer: PeerId, held: boolean): BookStep {
  const ask = state.asks.get(peer);
  if (ask === undefined) return { state, effects: [] };
  if (!held) return { state: drop(state, peer, ask.message.content), effects: [] };
  return {
    state: { ...state, asks: new Map(state.asks).set(peer, { ...ask, phase: "Checked" }) },
    effects: [],
  };
}

function onRequest(state: BookState, message: SignedMessage<"ProofRequest">, now: Time): BookStep {
  if (message.content.deadline <= now) return refuse(state, message, "EXPIRED");
  if (state.requests.has(message.id)) return { state, effects: [] };
  return {
    state: { ...state, requests: new Map(state.requests).set(message.id, message) },
    effects: [],
  };
}

function dropExpired(state: BookState, now: Time): BookState {
  return {
    asks: keep(state.asks, ({ message }) => message.content.expires > now),
    requests: keep(state.requests, ({ content }) => content.deadline > now),
    gone: keep(state.gone, ({ until }) => until > now),
  };
}

function keep<K, V>(map: ReadonlyMap<K, V>, wanted: (value: V) => boolean): ReadonlyMap<K, V> {
  const left = [...map].filter(([, value]) => wanted(value));
  return left.length === map.size ? map : new Map(left);
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const left = new Map(map);
  return left.delete(key) ? left : map;
}

function refuse(state: BookState, { id }: { id: CIDText }, reason: MarketRefusal): BookStep {
  return { state, effects: [{ kind: "refuse", message: id, reason }] };
}

/** Live adverts of a role, cheapest ask first. */
export function asksOf(state: BookState, role: Role, now: Time): readonly Ask[] {
  return [...state.asks.values()]
    .filter(({ message: { content } }) => content.roles.includes(role) && content.expires > now)
    .toSorted(cheaper);
}

function cheaper({ message: a }: Ask, { message: b }: Ask): number {
  if (a.content.ask !== b.content.ask) return a.content.ask < b.content.ask ? -1 : 1;
  return a.sender < b.sender ? -1 : 1;
}

/** Who may bid: live and checked adverts of the role, good enough for the request, with the reputations that will count. */
export function admittedBidders(
  state: BookState,
  role: Role,
  { minReputation, privacy }: Pick<ProofRequest, "minReputation" | "privacy">,
  reputation: (peer: PeerId) => PPM,
  now: Time,
): readonly Bidder[] {
  return asksOf(state, role, now)
    .filter(
      ({ phase, message }) => phase === "Checked" && message.content.privacy.includes(privacy),
    )
    .map(({ message }) => ({ peer: message.sender, reputation: reputation(message.sender) }))
    .filter((bidder) => bidder.reputation >= minReputation);
}

/** What a job would cost by the standing asks; all zero when nobody offers. */
export interface Quote {
  /** everything at the cheapest ask */
  readonly least: Money;
  /** everything at the median ask */
  readonly typical: Money;
  readonly providers: number;
}

export function quote(state: BookState, constraints: number, now: Time): Quote {
  const asks = asksOf(state, "prover", now).map(({ message }) => message.content.ask);
  const at = (i: number): Money => priceOf(asks[i] ?? 0n, constraints);
  return { least: at(0), typical: at(asks.length >> 1), providers: asks.length };
}

/** Open requests, the best paid per step first, then the more urgent: what a broker with room takes next. */
export function rankedRequests(state: BookState): readonly SignedMessage<"ProofRequest">[] {
  return [...state.requests.values()].toSorted((a, b) => {
    const perStep =
      b.content.maxPrice * BigInt(a.content.steps) - a.content.maxPrice * BigInt(b.content.steps);
    if (perStep !== 0n) return perStep > 0n ? 1 : -1;
    return a.content.deadline - b.content.deadline || (a.id < b.id ? -1 : 1);
  });
}
