import type { CapabilityAdvert } from "@foldmesh/protocol";
import { signMessage } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import { type Directory, onServer } from "../directory.ts";
import { within } from "../streams.ts";
import { type AdvertBook, advertKey, type SignedAdvert } from "./advert-book.ts";
import { classCID, classesOf } from "./classes.ts";

/** What a node advertises; sequence, expiry and addresses are the network's business. */
export type Offer = Omit<CapabilityAdvert, "sequence" | "expires" | "addresses">;

/** A record reaches this many servers; a node that knew fewer says its advert again when it meets more. */
const ENOUGH_SERVERS = 20;
const FIRST_REPEAT = 500;
const WITHDRAW_TIME = 2000;
const MAX_ADDRESSES = 8;
const MAX_ADDRESS_LENGTH = 256;

/** Keeps this node's advert in the DHT from `announce` to `withdraw`; one publication at a time. */
export class Announcer {
  readonly #context: Context;
  readonly #book: AdvertBook;
  readonly #directory: Directory;
  #offer: Offer | undefined;
  #current: SignedAdvert | undefined;
  #sequence = 0;
  #provided: readonly string[] = [];
  #timer: NodeJS.Timeout | number | undefined;
  #repeatAfter = FIRST_REPEAT;
  #publishing: Promise<void> = Promise.resolve();

  constructor(context: Context, book: AdvertBook, directory: Directory) {
    this.#context = context;
    this.#book = book;
    this.#directory = directory;
    const { node, stopping } = context;
    stopping.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    onServer(node, stopping, () => this.#onServer());
  }

  get current(): SignedAdvert | undefined {
    return this.#current;
  }

  async announce(offer: Offer): Promise<SignedAdvert> {
    const advert = await this.#sign(offer, this.#context.intervals.advert);
    this.#offer = offer;
    this.#repeatAfter = FIRST_REPEAT;
    await this.#publish(advert);
    return advert;
  }

  /** Replaces the advert by one without roles, which lives as long as the one it replaces. */
  async withdraw(): Promise<void> {
    const { signer, intervals, stopping } = this.#context;
    clearTimeout(this.#timer);
    const last = this.#current;
    if (this.#offer === undefined || last === undefined) return;
    const advert = await this.#sign({ ...this.#offer, roles: [] }, intervals.advert);
    this.#offer = undefined;
    this.#current = undefined;
    await Promise.all(this.#provided.map((word) => this.#directory.withdraw(classCID(word))));
    this.#provided = [];
    if (this.#directory.size() === 0) return; // nobody to tell
    const signal = within(WITHDRAW_TIME, stopping);
    await this.#directory.put(advertKey(signer.peer), advert.bytes, signal).catch(() => undefined);
  }

  /** Sequence numbers are times, so they rise over restarts without being stored. */
  async #sign(offer: Offer, life: number): Promise<SignedAdvert> {
    const { node, signer, clock } = this.#context;
    const sequence = Math.max(clock(), this.#sequence + 1);
    this.#sequence = sequence;
    const addresses = node
      .getMultiaddrs()
      .map(String)
      .filter((address) => address.length <= MAX_ADDRESS_LENGTH)
      .slice(0, MAX_ADDRESSES);
    const content = { ...offer, sequence, expires: clock() + life, addresses };
    const advert = await signMessage(signer, "CapabilityAdvert", content);
    this.#current = advert;
    await this.#book.accept(advert.bytes, signer.peer);
    return advert;
  }

  #publish(advert: SignedAdvert): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#publishOne(advert));
    return this.#publishing;
  }

  async #publishOne(advert: SignedAdvert): Promise<void> {
    const { events, intervals, stopping } = this.#context;
    if (this.#current !== advert || this.#offer === undefined) return; // replaced while it waited
    const classes = classesOf(advert.content);
    try {
      await this.#dropClasses(classes);
      await Promise.all([
        this.#directory.put(advertKey(advert.sender), advert.bytes, stopping),
        ...classes.map((word) => this.#directory.provide(classCID(word), stopping)),
      ]);
      events.emit({ kind: "advertised", sequence: advert.content.sequence });
    } catch (thrown) {
      this.#failed(thrown);
    }
    this.#again(intervals.advert / 2);
  }

  readonly #failed = (thrown: unknown): void => {
    const { events, stopping } = this.#context;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (!stopping.aborted) events.emit({ kind: "advertising-failed", reason });
  };

  async #dropClasses(kept: readonly string[]): Promise<void> {
    const dropped = this.#provided.filter((word) => !kept.includes(word));
    await Promise.all(dropped.map((word) => this.#directory.withdraw(classCID(word))));
    this.#provided = kept;
  }

  /** A server of the DHT has appeared: those who know few must not wait for the next renewal. */
  #onServer(): void {
    if (this.#offer === undefined || this.#directory.size() >= ENOUGH_SERVERS) return;
    if (this.#repeatAfter > this.#context.intervals.advert / 2) return;
    this.#again(this.#repeatAfter);
    this.#repeatAfter *= 2;
  }

  #again(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#context.stopping.aborted || this.#offer === undefined) return;
    this.#timer = setTimeout(() => void this.#renew().catch(this.#failed), delay);
  }

  async #renew(): Promise<void> {
    if (this.#offer === undefined || this.#context.stopping.aborted) return;
    await this.#publish(await this.#sign(this.#offer, this.#context.intervals.advert));
  }
}
