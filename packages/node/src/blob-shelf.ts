import { type BlobSource, type Chunks, NetworkError, collect } from "@foldmesh/network";
import type { CIDText, PeerId } from "@foldmesh/protocol";

/** Where a node keeps blobs, and can drop them again: node states are large and of use for minutes. */
export interface BlobShelf extends BlobSource {
  /** Not an error when it is not held. */
  drop(cid: CIDText): void;
  /** Drops it after a while, unless this is asked again with another time. */
  expire(cid: CIDText, afterMs: number): void;
  /** From now on only the peers named here may fetch it: node states and inputs disclose witnesses. */
  allow(cid: CIDText, ...peers: readonly PeerId[]): void;
  mayFetch(peer: PeerId, cid: CIDText): boolean;
  /** All of it together, bytes. */
  held(): number;
  /** Forgets everything. */
  close(): void;
}

export function createBlobShelf(): BlobShelf {
  const blobs = new Map<CIDText, Uint8Array>();
  const timers = new Map<CIDText, NodeJS.Timeout>();
  const guests = new Map<CIDText, Set<PeerId>>();
  const drop = (cid: CIDText): void => {
    clearTimeout(timers.get(cid));
    timers.delete(cid);
    blobs.delete(cid);
    guests.delete(cid);
  };
  return {
    drop,
    allow(cid, ...peers) {
      guests.set(cid, new Set([...(guests.get(cid) ?? []), ...peers]));
    },
    mayFetch: (peer, cid) => guests.get(cid)?.has(peer) ?? true,
    expire(cid, afterMs) {
      clearTimeout(timers.get(cid));
      timers.set(cid, setTimeout(drop, afterMs, cid).unref());
    },
    close() {
      timers.forEach((timer) => clearTimeout(timer));
      timers.clear();
      guests.clear();
      blobs.clear();
    },
    size: (cid) => Promise.resolve(blobs.get(cid)?.length),
    async *get(cid, offset = 0): Chunks {
      const blob = blobs.get(cid);
      if (blob === undefined) throw new NetworkError("NOT_FOUND", `blob ${cid} is not held here`);
      yield blob.subarray(offset);
    },
    async put(cid, chunks) {
      blobs.set(cid, await collect(chunks));
    },
    held: () => blobs.values().reduce((sum, { length }) => sum + length, 0),
  };
}
