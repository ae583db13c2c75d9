import type { PeerId } from "@foldmesh/protocol";
import { ProtocolError } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Directory } from "../directory.ts";
import { NetworkError, RequestRefused } from "../errors.ts";
import { call } from "../rpc/client.ts";
import type { Method } from "../rpc/method.ts";
import { serve } from "../rpc/server.ts";
import { within } from "../streams.ts";
import { type AdvertBook, advertKey, type SignedAdvert } from "./advert-book.ts";
import { Announcer, type Offer } from "./announcer.ts";
import { classCID, classFor, offers, type Wanted } from "./classes.ts";
import { confirm, SPARE } from "./confirm.ts";
import { patiently } from "./patience.ts";

export interface FindOptions {
  /** default 20 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface Capabilities {
  /** Signs an advert, puts it in the DHT, provides its classes, and keeps all that fresh until `withdraw`. Again with a change. */
  readonly announce: (offer: Offer) => Promise<SignedAdvert>;
  /** Says that this node offers nothing any more. Done by `stop` too. */
  readonly withdraw: () => Promise<void>;
  /** Live adverts that offer what is wanted: from peers seen before, then from the DHT; each confirmed by the peer itself. Not our own. */
  readonly find: (wanted: Wanted, options?: FindOptions) => Promise<readonly SignedAdvert[]>;
  /**
   * A peer's current advert: from itself, or when it does not answer, the newest in the DHT.
   * @throws NetworkError NOT_FOUND, ABORTED
   */
  readonly of: (peer: PeerId, options?: { signal?: AbortSignal }) => Promise<SignedAdvert>;
  /** The newest advert seen of a peer, without asking anybody. */
  readonly known: (peer: PeerId) => SignedAdvert | undefined;
}

const ADVERT: Method = { name: "advert", requestLimit: 16, replyLimit: 8192, timeout: 3000 };

export async function createCapabilities(
  context: Context,
  book: AdvertBook,
  directory: Directory,
): Promise<Capabilities> {
  const announcer = new Announcer(context, book, directory);
  await serve(context, ADVERT, () => {
    const { current } = announcer;
    if (current === undefined) throw new RequestRefused("NO_ADVERT", "this node offers nothing");
    return current.bytes;
  });
  const ask = (peer: PeerId, signal: AbortSignal): Promise<SignedAdvert> =>
    askPeer(context, book, peer, signal);
  const scope = (signal?: AbortSignal): AbortSignal =>
    signal === undefined ? context.stopping : AbortSignal.any([context.stopping, signal]);
  return {
    announce: (offer) => announcer.announce(offer),
    withdraw: () => announcer.withdraw(),
    known: (peer) => book.live(peer),
    async find(wanted, { limit = 20, signal } = {}) {
      const good = (advert: SignedAdvert): boolean => offers(advert.content, wanted);
      const cid = classCID(classFor(wanted));
      const search = (until: AbortSignal): AsyncGenerator<PeerId> =>
        patiently((each) => directory.providers(cid, each), until);
      const asked = new Set([context.signer.peer]);
      const found: SignedAdvert[] = [];
      for (const most of [limit + SPARE, Infinity]) {
        const before = asked.size;
        const peers = (until: AbortSignal): AsyncGenerator<PeerId> =>
          chain(book.matching(good), () => search(until), asked, most);
        const left = limit - found.length;
        found.push(...(await confirm(peers, ask, good, left, scope(signal))));
        if (found.length >= limit || asked.size - before < most) break;
      }
      return found;
    },
    async of(peer, { signal } = {}) {
      try {
        return await ask(peer, scope(signal));
      } catch (thrown) {
        scope(signal).throwIfAborted();
        return fromDirectory(directory, book, peer, within(5000, scope(signal)), thrown);
      }
    },
  };
}

/** What the peer says of itself. A forged answer counts against it. */
async function askPeer(
  context: Context,
  book: AdvertBook,
  peer: PeerId,
  signal: AbortSignal,
): Promise<SignedAdvert> {
  const bytes = await call(context, peer, ADVERT, new Uint8Array(0), { signal });
  try {
    return await book.accept(bytes, peer);
  } catch (thrown) {
    if (thrown instanceof NetworkError && thrown.code === "BAD_RECORD") {
      const forged = thrown.cause instanceof ProtocolError;
      context.police(peer, forged ? "forged" : "misconduct", thrown.message);
    }
    throw thrown;
  }
}

/** The newest advert that the DHT has; every record goes through the book, whose memory refuses older ones. */
async function fromDirectory(
  directory: Directory,
  book: AdvertBook,
  peer: PeerId,
  signal: AbortSignal,
  cause: unknown,
): Promise<SignedAdvert> {
  try {
    for await (const record of patiently((each) => directory.get(advertKey(peer), each), signal)) {
      await book.accept(record, peer).catch(() => undefined); // somebody's old copy
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  const advert = book.live(peer);
  if (advert !== undefined) return advert;
  throw new NetworkError("NOT_FOUND", `no advert of ${peer}, neither from itself nor in the DHT`, {
    cause,
  });
}

/**
 * Peers seen before, then the ones that the DHT finds; each once, which `asked` remembers. The search ends as soon as there are
 * enough to ask: left alone, a query goes on to every server near the key, and dials most of the network to get there.
 */
async function* chain(
  seen: readonly PeerId[],
  search: () => AsyncGenerator<PeerId>,
  asked: Set<PeerId>,
  most: number,
): AsyncGenerator<PeerId> {
  const enough = asked.size + most;
  for (const peer of seen) {
    if (asked.has(peer)) continue;
    asked.add(peer);
    yield peer;
    if (asked.size >= enough) return;
  }
  let last: PeerId | undefined;
  for await (const peer of search()) {
    if (asked.has(peer)) continue;
    asked.add(peer);
    last = peer;
    if (asked.size >= enough) break; // which ends the search, before this one is waited for
    yield peer;
  }
  if (asked.size >= enough && last !== undefined) yield last;
}
