import { MAX_BUNDLE_BYTES, openBundle } from "@foldmesh/client";
import type { Network } from "@foldmesh/network";
import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { BlobShelf } from "./blob-shelf.ts";
import type { Program } from "@foldmesh/r1cs";

/** Programs that this node has fetched and opened, by their bundle's CID. */
export interface Programs {
  /** @throws NetworkError NOT_FOUND, BAD_BLOB; ClientError BAD_BUNDLE */
  get(cid: CIDText, from: readonly PeerId[], signal?: AbortSignal): Promise<Program>;
}

const KEPT = 8;

export function createPrograms({ blobs }: Pick<Network, "blobs">, shelf: BlobShelf): Programs {
  const opened = new Map<CIDText, Promise<Program>>();
  return {
    get(cid, from, signal) {
      const known = opened.get(cid);
      if (known !== undefined) return known;
      const loading = load(blobs, cid, from, signal);
      opened.set(cid, loading);
      loading.then(
        () => shelf.publish(cid), // not before: whoever asks may name somebody's private blob
        () => opened.delete(cid), // asked again later, perhaps of others
      );
      const [oldest] = opened.keys();
      if (opened.size > KEPT && oldest !== undefined) opened.delete(oldest);
      return loading;
    },
  };
}

async function load(
  blobs: Network["blobs"],
  cid: CIDText,
  from: readonly PeerId[],
  signal: AbortSignal | undefined,
): Promise<Program> {
  const options = { from, maxBytes: MAX_BUNDLE_BYTES, ...(signal && { signal }) };
  await blobs.download(cid, options);
  return openBundle(await blobs.fetch(cid, options));
}
