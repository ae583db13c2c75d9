import type { CIDText } from "@foldmesh/protocol";
import { createHash } from "node:crypto";
import { asStoreError, StoreError } from "../errors.ts";
import type { DigestHex } from "./digest.ts";
import type { Chunks } from "./port.ts";
import type { Draft } from "./shelf.ts";
import type { Stock } from "./stock.ts";

interface Wanted {
  readonly cid: CIDText;
  readonly digest: DigestHex;
  /** bytes that were promised */
  readonly length?: number;
}

/**
 * Takes a blob in, if its bytes are right; otherwise nothing of it stays. What `chunks` throws passes through.
 * @throws StoreError BAD_BLOB, STORE_FULL, CLOSED, IO
 */
export async function receive(stock: Stock, wanted: Wanted, chunks: Chunks): Promise<void> {
  const incoming = new Incoming(stock, wanted);
  try {
    await incoming.start();
    for await (const chunk of chunks) await incoming.take(chunk);
    await incoming.keep();
  } finally {
    await incoming.end();
  }
}

/** One blob being written: Reserved → Drafted → Kept | Discarded. */
class Incoming {
  readonly #stock: Stock;
  readonly #wanted: Wanted;
  readonly #hash = createHash("sha256");
  #draft: Draft | undefined;
  #reserved = 0;
  #received = 0;

  constructor(stock: Stock, wanted: Wanted) {
    this.#stock = stock;
    this.#wanted = wanted;
  }

  async start(): Promise<void> {
    await this.#reserve(this.#wanted.length ?? 0);
    this.#draft = await this.#ours(this.#stock.shelf.draft());
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.#stock.refuseIfClosed();
    this.#received += chunk.length;
    const { length } = this.#wanted;
    if (this.#received > (length ?? Infinity)) throw this.#bad(`more than ${length} bytes came`);
    await this.#reserve(this.#received);
    this.#hash.update(chunk);
    await this.#ours(this.#draft?.write(chunk));
  }

  async keep(): Promise<void> {
    const { digest, length } = this.#wanted;
    const size = this.#received;
    if (size !== (length ?? size)) throw this.#bad(`expected ${length} bytes, got ${size}`);
    const got = this.#hash.digest("hex");
    if (got !== digest) throw this.#bad(`expected bytes with SHA-256 ${digest}, got ${got}`);
    const draft = this.#draft as Draft;
    await this.#ours(draft.finish());
    await this.#ours(this.#stock.place(draft, { digest, size }));
    this.#draft = undefined;
    this.#reserved = 0; // the shelf's now
  }

  /** After a failure nothing is left; a file that cannot even be removed goes at the next start. */
  async end(): Promise<void> {
    await this.#draft?.discard().catch(() => undefined);
    this.#stock.holdings.unreserve(this.#reserved);
  }

  async #reserve(upTo: number): Promise<void> {
    const more = upTo - this.#reserved;
    if (more <= 0) return;
    await this.#ours(this.#stock.reserve(more));
    this.#reserved = upTo;
  }

  async #ours<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await work;
    } catch (thrown) {
      throw asStoreError(thrown, `writing blob ${this.#wanted.cid}`);
    }
  }

  #bad(detail: string): StoreError {
    return new StoreError("BAD_BLOB", `blob ${this.#wanted.cid}: ${detail}`);
  }
}
