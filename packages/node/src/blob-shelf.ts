// Blobs as the network sees them, over what the node keeps: who may fetch which, and how long each stays.

import { type BlobSource, type Chunks, NetworkError } from "@foldmesh/network";
import type { CIDText, PeerId, Time } from "@foldmesh/protocol";
import { type BlobStore, StoreError } from "@foldmesh/store";

/** Where a node keeps blobs. Node states and inputs disclose witnesses, so nobody may fetch anything unless he is named. */
export interface BlobShelf extends BlobSource {
  /** Keeps blobs for an owner, also over restarts: those that are here, and those that come. Hold first, then put. */
  hold(owner: string, ...cids: readonly CIDText[]): Promise<void>;
  /** What an owner held, and those below it (OWNER/…), is dropped, but for what others hold. */
  release(owner: string): Promise<void>;
  /** Who holds anything. */
  owners(): readonly string[];
  /** Holds a blob for a while, also over restarts. */
  expire(cid: CIDText, afterMs: number): Promise<void>;
  /** These peers may fetch it, too. */
  allow(cid: CIDText, ...peers: readonly PeerId[]): void;
  /** Everybody may fetch it. */
  publish(cid: CIDText): void;
  /** @param peer undefined: whoever asks */
  mayFetch(peer: PeerId | undefined, cid: CIDText): boolean;
  /** All of it together, bytes. */
  held(): number;
  /** Bytes that may still come: what nobody holds gives way. */
  room(): number;
  /** Ends its timers. */
  close(): void;
}

const UNTIL = /^until\/(\d+)\//;
/** The longest delay of a timer; what stays longer is looked at again at the next start. */
const LONGEST_MS = 2 ** 31 - 1;

export function createBlobShelf(blobs: BlobStore, now: () => Time): BlobShelf {
  const timers = new Set<NodeJS.Timeout>();
  const guests = new Map<CIDText, Set<PeerId> | "everybody">();

  const release = async (owner: string): Promise<void> => {
    const all = blobs.owners().filter((each) => each === owner || each.startsWith(`${owner}/`));
    const cids = all.flatMap((each) => blobs.pinned(each));
    for (const each of all) await blobs.release(each);
    for (const cid of cids) {
      if (guests.get(cid) === "everybody") continue; // of use to others: it gives way when room is needed
      if (await dropped(blobs, cid)) guests.delete(cid);
    }
  };
  const releaseAt = (owner: string, at: Time): void => {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        release(owner).catch(() => undefined); // at the next start, then
      },
      Math.min(LONGEST_MS, Math.max(0, at - now())),
    );
    timers.add(timer.unref());
  };
  for (const owner of blobs.owners()) {
    const [, at] = UNTIL.exec(owner) ?? [];
    if (at !== undefined) releaseAt(owner, Number(at));
  }
  return {
    release,
    hold: (owner, ...cids) => blobs.pin(owner, cids),
    owners: () => blobs.owners(),
    async expire(cid, afterMs) {
      const at = now() + afterMs;
      const owner = `until/${at}/${cid}`;
      await blobs.pin(owner, [cid]);
      releaseAt(owner, at);
    },
    allow(cid, ...peers) {
      const known = guests.get(cid);
      if (known !== "everybody") guests.set(cid, new Set([...(known ?? []), ...peers]));
    },
    publish: (cid) => void guests.set(cid, "everybody"),
    mayFetch(peer, cid) {
      const known = guests.get(cid);
      if (known === "everybody") return true;
      return peer !== undefined && known !== undefined && known.has(peer);
    },
    held: () => blobs.usage().bytes,
    room() {
      const { maxBytes, pinnedBytes } = blobs.usage();
      return maxBytes - pinnedBytes;
    },
    close() {
      timers.forEach((timer) => clearTimeout(timer));
      timers.clear();
    },
    size: (cid) => inNetworkWords(blobs.size(cid)),
    get: (cid, offset) => readInNetworkWords(blobs.get(cid, offset)),
    put: (cid, chunks) => inNetworkWords(blobs.put(cid, chunks)),
  };
}

/** @returns whether nobody needs it any more */
async function dropped(blobs: BlobStore, cid: CIDText): Promise<boolean> {
  try {
    await blobs.remove(cid);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "PINNED") return false;
    throw error;
  }
}

const CODES = { NOT_FOUND: "NOT_FOUND", CLOSED: "STOPPED", BAD_BLOB: "BAD_BLOB" } as const;

function translated(error: unknown): unknown {
  if (!(error instanceof StoreError) || !(error.code in CODES)) return error;
  const code = CODES[error.code as keyof typeof CODES];
  return new NetworkError(code, error.message, { cause: error });
}

async function inNetworkWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translated(error);
  }
}

async function* readInNetworkWords(chunks: Chunks): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw translated(error);
  }
}
