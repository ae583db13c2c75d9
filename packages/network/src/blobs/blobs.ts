import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Directory } from "../directory.ts";
import { cidOfBytes, parseCID } from "./cid.ts";
import { type BlobSource, type Chunks, collect, once } from "./source.ts";
import { BadBlobError, IncompleteError, transfer } from "./transfer.ts";

export interface FetchOptions {
  /** peers known to hold it, asked first and in this order; the DHT is asked when none of them delivers */
  readonly from?: readonly PeerId[];
  /** refuse anything longer; default the limit of the configuration */
  readonly maxBytes?: number;
  /** a holder that is slower than this on the whole, in bytes a second, is given up; default a modem's pace */
  readonly slowest?: number;
  readonly signal?: AbortSignal;
}

export interface Blobs {
  /** Keeps the bytes here, where others can fetch them, and returns their CID (raw). */
  readonly add: (bytes: Uint8Array) => Promise<CIDText>;
  /** Says in the DHT that this node holds the blob, until the node stops or `withdraw`. */
  readonly provide: (cid: CIDText, options?: { signal?: AbortSignal }) => Promise<void>;
  readonly withdraw: (cid: CIDText) => Promise<void>;
  /** The checked bytes, from here or from a peer. @throws NetworkError NOT_FOUND, BAD_BLOB, ABORTED */
  readonly fetch: (cid: CIDText, options?: FetchOptions) => Promise<Uint8Array>;
  /** Streams the blob into this node's source, with memory bounded by the window. @throws as `fetch` */
  readonly download: (cid: CIDText, options?: FetchOptions) => Promise<void>;
}

const MAX_ROUNDS = 16;

export function createBlobs(context: Context, source: BlobSource, directory: Directory): Blobs {
  const run = <T>(
    cid: CIDText,
    options: FetchOptions,
    consume: (chunks: Chunks) => Promise<T>,
  ): Promise<T> => {
    const signals = [context.stopping, ...(options.signal ? [options.signal] : [])];
    const signal = AbortSignal.any(signals);
    return new Retrieval(context, directory, cid, { ...options, signal }).run(consume);
  };
  return {
    async add(bytes) {
      const cid = cidOfBytes(bytes);
      await source.put(cid, once(bytes));
      return cid;
    },
    provide: (cid, options = {}) => directory.provide(parseCID(cid), options.signal),
    withdraw: (cid) => directory.withdraw(parseCID(cid)),
    async fetch(cid, options = {}) {
      const here = (await source.size(cid)) !== undefined;
      return here ? collect(source.get(cid)) : run(cid, options, collect);
    },
    async download(cid, options = {}) {
      if ((await source.size(cid)) !== undefined) return;
      await run(cid, options, (chunks) => source.put(cid, chunks));
    },
  };
}

/** One retrieval: rounds over the providers until an honest one, or a chain of honest ones, has delivered. */
class Retrieval {
  readonly #context: Context;
  readonly #directory: Directory;
  readonly #cid: CIDText;
  readonly #options: FetchOptions & { readonly signal: AbortSignal };
  /** whom not to ask again */
  readonly #excluded = new Set<PeerId>();

  constructor(
    context: Context,
    directory: Directory,
    cid: CIDText,
    options: FetchOptions & { readonly signal: AbortSignal },
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#cid = cid;
    this.#options = options;
    this.#excluded.add(context.signer.peer);
  }

  async run<T>(consume: (chunks: Chunks) => Promise<T>): Promise<T> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      try {
        return await consume(this.#transfer(this.#providers()));
      } catch (thrown) {
        const suspects = this.#judge(thrown);
        if (suspects > 1) return this.#alone(consume);
        if (suspects === 0) throw thrown;
      }
    }
    throw new IncompleteError(`blob ${this.#cid}: ${MAX_ROUNDS} peers sent other bytes`, []);
  }

  /** Each provider on its own, from the start: whoever mixes with liars cannot be told from them. */
  async #alone<T>(consume: (chunks: Chunks) => Promise<T>): Promise<T> {
    let last: unknown;
    for await (const peer of this.#providers()) {
      try {
        return await consume(this.#transfer(iterate([peer])));
      } catch (thrown) {
        last = thrown;
        this.#judge(thrown);
      }
    }
    throw last;
  }

  #transfer(providers: AsyncIterable<PeerId>): Chunks {
    const { signal, slowest, maxBytes = this.#context.limits.maxBlobBytes } = this.#options;
    return transfer(this.#context, providers, { cid: this.#cid, maxBytes, slowest, signal });
  }

  /** Blames a lone sender of bad bytes. @returns how many may be to blame; 0 when the failure is final */
  #judge(thrown: unknown): number {
    if (thrown instanceof BadBlobError) {
      const [liar, ...others] = thrown.senders;
      if (liar !== undefined && others.length === 0) {
        this.#excluded.add(liar);
        this.#context.police(liar, "bad-blob", thrown.message);
      }
      return thrown.senders.length;
    }
    // a provider that broke off may have claimed a wrong size, with which no honest one would agree
    return thrown instanceof IncompleteError && thrown.senders.length > 0 ? 2 : 0;
  }

  async *#providers(): AsyncGenerator<PeerId> {
    const asked = new Set(this.#excluded);
    for (const peer of this.#options.from ?? []) {
      if (!asked.has(peer)) yield peer;
      asked.add(peer);
    }
    const { signal } = this.#options;
    for await (const peer of this.#directory.providers(parseCID(this.#cid), signal)) {
      if (!asked.has(peer)) yield peer;
      asked.add(peer);
    }
  }
}

async function* iterate(peers: readonly PeerId[]): AsyncGenerator<PeerId> {
  yield* peers;
}
