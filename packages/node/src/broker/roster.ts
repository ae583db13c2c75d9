// Who offers what: adverts found in the DHT and at connected peers, checked before they are admitted to auctions.

import {
  type Ask,
  type BookState,
  EMPTY_BOOK,
  type Quote,
  admittedBidders,
  asksOf,
  quote,
  stepBook,
} from "@foldmesh/market";
import {
  type Bidder,
  MAX_BIDDERS,
  type PeerId,
  type ProofRequest,
  type Role,
  type SignedMessage,
  type Time,
} from "@foldmesh/protocol";
import type { Speed } from "@foldmesh/jobs";
import { RequestRefused } from "@foldmesh/network";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { Speeds } from "./speeds.ts";
import type { Standing } from "./standing.ts";

/** Checks that a peer does what its advert says. @returns why not, or undefined when it holds */
export type Challenge = (
  advert: SignedMessage<"CapabilityAdvert">,
  signal: AbortSignal,
) => Promise<string | undefined>;

const WORKING: readonly Role[] = ["prover", "aggregator"];
const LOOKED_FOR: readonly Role[] = [...WORKING, "broker"];
const SOON_MS = 150;
/** Challenges at once. */
const MOST_CHECKS = 4;

export class Roster {
  readonly #context: Context;
  readonly #standing: Standing;
  readonly #challenge: Challenge;
  #book: BookState = EMPTY_BOOK;
  readonly #checking = new Set<PeerId>();
  /** who was too busy to be checked: asked again at the next look */
  readonly #later = new Set<PeerId>();
  /** who gave work back, and until when it is left alone */
  readonly #resting = new Map<PeerId, Time>();
  readonly #changed = new Set<() => void>();
  readonly seen: Speeds = new Speeds();
  #brokers: readonly PeerId[] = [];
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context, standing: Standing, challenge: Challenge) {
    this.#context = context;
    this.#standing = standing;
    this.#challenge = challenge;
  }

  /** Looks around now and then, and soon after somebody connects. */
  start(): void {
    const { network, stopping } = this.#context;
    const end = network.observe((event) => {
      if (event.kind === "connected") this.#again(SOON_MS);
    });
    stopping.addEventListener("abort", () => {
      end();
      clearTimeout(this.#timer);
    });
    this.#again(0);
  }

  /** @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => void this.#changed.delete(listener);
  }

  /** Who may bid on work of a role. */
  bidders(role: Role, request: ProofRequest, exclude: readonly PeerId[]): readonly Bidder[] {
    const { now, watcher } = this.#context;
    const reputation = (peer: PeerId): number => this.#standing.of(peer);
    const admitted = admittedBidders(this.#book, role, request, reputation, now()).filter(
      ({ peer }) =>
        !exclude.includes(peer) &&
        !watcher.isConvicted(peer) &&
        (this.#resting.get(peer) ?? 0) <= now(),
    );
    if (admitted.length <= MAX_BIDDERS) return admitted;
    return admitted.toSorted((a, b) => b.reputation - a.reputation).slice(0, MAX_BIDDERS);
  }

  /** Leaves a peer alone for a while: it has just said that it cannot. */
  rest(peer: PeerId): void {
    const { now, brokerConfig, stopping } = this.#context;
    this.#resting.set(peer, now() + brokerConfig.restMs);
    const awake = (): void => {
      if (!stopping.aborted) this.#changed.forEach((listener) => listener());
    };
    setTimeout(awake, brokerConfig.restMs + 1).unref();
  }

  /** Others that take jobs. */
  get brokers(): readonly PeerId[] {
    const { network, watcher } = this.#context;
    return this.#brokers.filter((peer) => peer !== network.peer && !watcher.isConvicted(peer));
  }

  quote(constraints: number): Quote {
    return quote(this.#book, constraints, this.#context.now());
  }

  /**
   * Speeds of the provers, for the plan, in constraints a second. At first they are claims, of which the challenge checks a part: those
   * not challenged yet count only where there is nobody else.
   */
  speeds(): readonly Speed[] {
    const asks = asksOf(this.#book, "prover", this.#context.now());
    const checked = asks.filter(({ phase }) => phase === "Checked");
    return this.seen.of(checked.length > 0 ? checked : asks);
  }

  /** Asks around at once; waits for what is already under way. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#lookAround().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  #again(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#context.stopping.aborted) return;
    this.#timer = setTimeout(() => {
      const next = (): void => this.#again(this.#context.brokerConfig.rosterMs);
      void this.refresh().then(next, next);
    }, delay);
  }

  async #lookAround(): Promise<void> {
    const { network, now, stopping: signal } = this.#context;
    this.#book = stepBook(this.#book, { kind: "tick" }, now()).state;
    const connected = new Set(network.peers().map(({ peer }) => peer));
    const asked = [...connected].map(
      (peer) => network.capabilities.of(peer, { signal }).catch(() => undefined), // it offers nothing
    );
    const found = LOOKED_FOR.map((role) =>
      network.capabilities.find({ role }, { limit: 256, signal }).catch(() => []),
    );
    const near = (await Promise.all(asked)).filter((advert) => advert !== undefined);
    const all = [...near, ...(await Promise.all(found)).flat()];
    all.forEach((advert) => this.#list(advert));
    const brokers = all.filter(({ content }) => content.roles.includes("broker"));
    this.#brokers = [...new Set(brokers.map(({ sender }) => sender))];
    const own = network.capabilities.known(network.peer);
    if (own !== undefined) this.#list(own);
    this.#later.clear();
    this.#checkNext();
  }

  #list(message: SignedMessage<"CapabilityAdvert">): void {
    const { emit, now } = this.#context;
    if (!message.content.roles.some((role) => WORKING.includes(role))) return;
    const { state, effects } = stepBook(this.#book, { kind: "advert", message }, now());
    this.#book = state;
    for (const effect of effects) {
      if (effect.kind === "challenge") emit({ kind: "listed", peer: effect.peer });
      if (effect.kind === "evidence") void this.#context.board.post("Evidence", effect.content);
    }
  }

  /** A few at a time, for each costs this node as much; those that are connected first. */
  #checkNext(): void {
    const near = new Set(this.#context.network.peers().map(({ peer }) => peer));
    const waiting = [...this.#book.asks.values()].filter(
      ({ phase, message: { sender } }) =>
        phase === "Listed" && !this.#checking.has(sender) && !this.#later.has(sender),
    );
    const isNear = ({ message }: Ask): boolean => near.has(message.sender);
    const ordered = [...waiting.filter(isNear), ...waiting.filter((ask) => !isNear(ask))];
    const room = MOST_CHECKS - this.#checking.size;
    for (const { message } of ordered.slice(0, room)) void this.#check(message);
  }

  async #check(advert: SignedMessage<"CapabilityAdvert">): Promise<void> {
    const peer = advert.sender;
    this.#checking.add(peer);
    const { emit, now, stopping } = this.#context;
    const { reason, isLater } = await this.#challenge(advert, stopping).then(
      (fault) => ({ reason: fault, isLater: false }),
      (error: unknown) => ({ reason: messageOf(error), isLater: error instanceof RequestRefused }),
    );
    this.#checking.delete(peer);
    if (stopping.aborted) return;
    if (isLater) this.#later.add(peer);
    else {
      const event = { kind: "checked", peer, held: reason === undefined } as const;
      this.#book = stepBook(this.#book, event, now()).state;
      emit(
        reason === undefined ? { kind: "admitted", peer } : { kind: "not-admitted", peer, reason },
      );
      this.#changed.forEach((listener) => listener());
    }
    this.#checkNext();
  }
}
