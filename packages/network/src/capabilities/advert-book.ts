import type { PeerId, SignedMessage } from "@foldmesh/protocol";
import { openMessage, ProtocolError, verifySignature } from "@foldmesh/protocol";
import { toString } from "uint8arrays/to-string";
import { fromString } from "uint8arrays/from-string";
import { NetworkError } from "../errors.ts";
import type { EventHub } from "../events.ts";
import type { RecordRules } from "../libp2p.ts";

export type SignedAdvert = SignedMessage<"CapabilityAdvert">;

/** Namespace of the value records: `/foldmesh-cap/<peer>`. */
export const ADVERT_NAMESPACE = "foldmesh-cap";
/** ms; an advert that claims to live longer is refused, which bounds how long a replay can be of use */
export const MAX_ADVERT_LIFE: number = 60 * 60_000;
const MAX_KNOWN = 8192;

export const advertKey = (peer: PeerId): Uint8Array => fromString(`/${ADVERT_NAMESPACE}/${peer}`);

/** The newest genuine advert of each peer that this node has seen. */
export interface AdvertBook {
  /**
   * Checks an advert that came from anywhere, and remembers it when it is the newest.
   * @throws NetworkError BAD_RECORD (not genuine, somebody else's, or a second one for a sequence number), STALE_RECORD (a newer one is known, or expired)
   */
  readonly accept: (bytes: Uint8Array, peer: PeerId) => Promise<SignedAdvert>;
  /** The newest one known while it has not expired. */
  readonly live: (peer: PeerId) => SignedAdvert | undefined;
  /** Peers whose newest advert, as far as known here, has not expired and is `good`; newest first. */
  readonly matching: (good: (advert: SignedAdvert) => boolean) => readonly PeerId[];
  readonly rules: RecordRules;
}

/** @param clock ms since 1970 */
export function createAdvertBook(clock: () => number, events: EventHub): AdvertBook {
  const newest = new Map<PeerId, SignedAdvert>();

  const accept = async (bytes: Uint8Array, peer: PeerId): Promise<SignedAdvert> => {
    const advert = await openAdvert(bytes, peer);
    checkLife(advert, clock());
    const known = newest.get(peer); // read after the last await: concurrent puts must not pass each other
    if (known?.id === advert.id) return known;
    if (known !== undefined) checkSequence(known, advert, events);
    newest.delete(peer); // to the end of the insertion order
    newest.set(peer, advert);
    forgetOldest(newest);
    return advert;
  };

  const isLive = ({ content }: SignedAdvert): boolean => content.expires > clock();
  return {
    accept,
    live(peer) {
      const advert = newest.get(peer);
      return advert !== undefined && isLive(advert) ? advert : undefined;
    },
    matching: (good) =>
      [...newest.values()]
        .filter((advert) => isLive(advert) && good(advert))
        .map(({ sender }) => sender)
        .toReversed(),
    rules: {
      validate: async (key, value) => void (await accept(value, ownerOf(key))),
      select: (_key, values) => selectNewest(values),
    },
  };
}

/** @throws NetworkError BAD_RECORD */
async function openAdvert(bytes: Uint8Array, peer: PeerId): Promise<SignedAdvert> {
  try {
    const advert = await openMessage(verifySignature, new Uint8Array(bytes), "CapabilityAdvert");
    if (advert.sender === peer) return advert;
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new NetworkError("BAD_RECORD", `advert of ${peer}: ${cause.message}`, { cause });
  }
  throw new NetworkError("BAD_RECORD", `advert of ${peer}: signed by somebody else`);
}

function checkLife({ sender, content }: SignedAdvert, now: number): void {
  const left = content.expires - now;
  if (left <= 0) {
    throw new NetworkError(
      "STALE_RECORD", // no offence: an honest peer's clock may be minutes behind
      `advert of ${sender}: it expired ${-left} ms ago by the clock here: one of the two clocks may be wrong`,
    );
  }
  if (left <= MAX_ADVERT_LIFE) return;
  throw new NetworkError(
    "BAD_RECORD",
    `advert of ${sender}: expected one that expires within ${MAX_ADVERT_LIFE} ms from now, got ${left} ms`,
  );
}

function checkSequence(known: SignedAdvert, advert: SignedAdvert, events: EventHub): void {
  const [before, now] = [known.content.sequence, advert.content.sequence];
  const peer = advert.sender;
  if (now > before) return;
  if (now < before) {
    throw new NetworkError(
      "STALE_RECORD",
      `advert of ${peer}: number ${now}, but ${before} is known`,
    );
  }
  events.emit({ kind: "equivocation", peer, messages: [known, advert] });
  throw new NetworkError("BAD_RECORD", `advert of ${peer}: a second one with number ${now}`);
}

function forgetOldest(newest: Map<PeerId, SignedAdvert>): void {
  if (newest.size <= MAX_KNOWN) return;
  for (const peer of newest.keys()) {
    newest.delete(peer);
    return;
  }
}

function ownerOf(key: Uint8Array): PeerId {
  const [, namespace, peer, ...rest] = toString(key).split("/");
  if (namespace === ADVERT_NAMESPACE && peer !== undefined && rest.length === 0) return peer;
  throw new NetworkError("BAD_RECORD", `expected a key /${ADVERT_NAMESPACE}/<peer>`);
}

/** Index of the highest sequence number; kad-dht asks only about values that passed `validate`. */
async function selectNewest(values: readonly Uint8Array[]): Promise<number> {
  const sequences = await Promise.all(values.map(sequenceOf));
  return sequences.indexOf(Math.max(...sequences));
}

async function sequenceOf(value: Uint8Array): Promise<number> {
  const advert = await openMessage(verifySignature, new Uint8Array(value), "CapabilityAdvert");
  return advert.content.sequence;
}
