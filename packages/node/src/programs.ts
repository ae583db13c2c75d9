import { ClientError, MAX_BUNDLE_BYTES, openBundle } from "@foldmesh/client";
import type { Network } from "@foldmesh/network";
import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Program } from "@foldmesh/r1cs";
import { Worker } from "node:worker_threads";
import type { BlobShelf } from "./blob-shelf.ts";
import { type Parcel, unpack } from "./program-parcel.ts";

/** Programs that this node has fetched and opened, by their bundle's CID. */
export interface Programs {
  /** @throws NetworkError NOT_FOUND, BAD_BLOB; ClientError BAD_BUNDLE */
  get(cid: CIDText, from: readonly PeerId[], signal?: AbortSignal): Promise<Program>;
  /** Memory that those which are kept take, about: as much as their bundles. */
  held(): number;
}

const KEPT = 8;
const KEPT_BYTES = 2 ** 29;
/** Longer bundles are opened in a thread of their own: reading a gigabyte takes half a minute, in which this one would answer nobody. */
const SMALL_BYTES = 2 ** 20;

interface Opened {
  readonly program: Promise<Program>;
  /** of whoever asked first */
  readonly signal: AbortSignal | undefined;
  /** of its bundle; 0 until that is here */
  bytes: number;
}

export function createPrograms({ blobs }: Pick<Network, "blobs">, shelf: BlobShelf): Programs {
  const opened = new Map<CIDText, Opened>();
  const held = (): number => opened.values().reduce((sum, { bytes }) => sum + bytes, 0);
  const forgetOld = (): void => {
    for (const cid of opened.keys()) {
      if (opened.size <= KEPT && (held() <= KEPT_BYTES || opened.size === 1)) return;
      opened.delete(cid);
    }
  };
  const load = loader(blobs, shelf);
  const programs: Programs = {
    held,
    get(cid, from, signal) {
      const known = opened.get(cid);
      if (known !== undefined) {
        return known.program.catch((error: unknown) => {
          if (!known.signal?.aborted || signal?.aborted) throw error;
          return programs.get(cid, from, signal); // whoever asked first went away
        });
      }
      const onBytes = (bytes: number): void => {
        entry.bytes = bytes;
        forgetOld();
      };
      const entry: Opened = { program: load(cid, { from, signal, onBytes }), signal, bytes: 0 };
      opened.set(cid, entry);
      entry.program.then(
        () => shelf.publish(cid), // not before: whoever asks may name somebody's private blob
        () => opened.delete(cid), // asked again later, perhaps of others
      );
      forgetOld();
      return entry.program;
    },
  };
  return programs;
}

interface LoadOptions {
  readonly from: readonly PeerId[];
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

type Load = (cid: CIDText, options: LoadOptions) => Promise<Program>;

/** Large ones one after the other, so that whoever names many fills no memory. */
function loader(blobs: Network["blobs"], shelf: BlobShelf): Load {
  let turn: Promise<unknown> = Promise.resolve();
  return async (cid, { from, signal, onBytes }) => {
    const options = { from, maxBytes: MAX_BUNDLE_BYTES, ...(signal && { signal }) };
    await blobs.download(cid, options);
    const bytes = (await shelf.size(cid)) ?? 0;
    onBytes(bytes);
    if (bytes <= SMALL_BYTES) return openBundle(await blobs.fetch(cid, options));
    const mine = turn
      .then(() => blobs.fetch(cid, options))
      .then((bundle) => openApart(bundle, signal));
    turn = mine.catch(() => {});
    return mine;
  };
}

/** @param bundle goes to the thread: nobody else may hold it */
async function openApart(bundle: Uint8Array, signal?: AbortSignal): Promise<Program> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./open-worker.ts", import.meta.url), { execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<Parcel>();
  const abort = (): void => reject(signal!.reason);
  signal?.addEventListener("abort", abort);
  try {
    worker.once("message", resolve);
    worker.once("error", ({ message, code }: ClientError) =>
      reject(code === "BAD_BUNDLE" ? new ClientError(code, message) : new Error(message)),
    );
    worker.postMessage(bundle, [bundle.buffer as ArrayBuffer]);
    return unpack(await promise);
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
