import { StoreError } from "../errors.ts";
import { createMutex } from "../mutex.ts";
import type { Turn } from "../mutex.ts";
import type { Holding, Holdings } from "./holdings.ts";
import { hasDigest } from "./reading.ts";
import type { Draft, Item, Reading, Shelf } from "./shelf.ts";

/** A shelf kept in step with its accounts: names appear and vanish one at a time, and never more is used than the quota. */
export class Stock {
  readonly shelf: Shelf;
  readonly holdings: Holdings;
  readonly #inTurn: Turn = createMutex();
  #closed = false;

  constructor(shelf: Shelf, holdings: Holdings) {
    this.shelf = shelf;
    this.holdings = holdings;
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws StoreError CLOSED */
  refuseIfClosed(): void {
    if (this.#closed) throw new StoreError("CLOSED", "the store is closed: open it again");
  }

  /** Takes room for a draft, for which blobs give way. @throws StoreError STORE_FULL: nothing has given way */
  async reserve(bytes: number): Promise<void> {
    if (this.holdings.tryReserve(bytes)) return;
    await this.#inTurn(async () => {
      while (!this.holdings.tryReserve(bytes)) await this.#evict(bytes);
    });
  }

  /** Makes the holdings fit the quota as far as pins allow. @returns how many blobs gave way */
  async shrink(): Promise<number> {
    const before = this.holdings.blobs;
    await this.#inTurn(async () => {
      while (
        this.holdings.used > this.holdings.maxBytes &&
        this.holdings.pinnedBytes < this.holdings.used
      )
        await this.#evict(0);
    });
    return before - this.holdings.blobs;
  }

  /** Puts a finished draft, for which `item.size` bytes are reserved, on the shelf, unless another writer was first. */
  place(draft: Draft, item: Item): Promise<void> {
    return this.#inTurn(async () => {
      this.refuseIfClosed();
      if (this.holdings.get(item.digest)) {
        await draft.discard();
        this.holdings.unreserve(item.size);
        return;
      }
      await this.#placeNow(draft, item);
      this.holdings.unreserve(item.size);
      this.holdings.add({ ...item, stamp: undefined });
    });
  }

  async #placeNow(draft: Draft, item: Item): Promise<void> {
    try {
      await draft.place(item);
    } catch (thrown) {
      await this.shelf.remove(item).catch(() => undefined); // it may have got there and failed after
      throw thrown;
    }
  }

  /** False when it is not what is held any more. */
  drop(holding: Holding): Promise<boolean> {
    return this.#inTurn(() => this.#dropNow(holding));
  }

  /** Opens what is held, if its bytes are right; otherwise it is dropped and the reason given to `onDamage`. */
  async open(holding: Holding, onDamage: (detail: string) => void): Promise<Reading | undefined> {
    const reading = await this.shelf.open(holding);
    try {
      const fault = await faultOf(holding, reading);
      if (fault === undefined) {
        this.holdings.use(holding);
        return reading;
      }
      await reading?.close();
      if (await this.drop(holding)) onDamage(fault);
      return undefined;
    } catch (thrown) {
      await reading?.close();
      throw thrown;
    }
  }

  async #evict(bytes: number): Promise<void> {
    const victim = this.holdings.victim(bytes);
    if (victim) await this.#dropNow(victim);
  }

  async #dropNow(holding: Holding): Promise<boolean> {
    if (this.holdings.get(holding.digest) !== holding) return false;
    await this.shelf.remove(holding);
    this.holdings.delete(holding);
    return true;
  }
}

/** What is wrong with the bytes. They are hashed once a run, and again when somebody else has touched them. */
async function faultOf(
  holding: Holding,
  reading: Reading | undefined,
): Promise<string | undefined> {
  if (reading === undefined) return "it has vanished";
  if (reading.size !== holding.size) return `${holding.size} bytes have become ${reading.size}`;
  if (reading.stamp !== undefined && reading.stamp === holding.stamp) return undefined;
  if (!(await hasDigest(reading, holding))) return "its bytes have another hash";
  holding.stamp = reading.stamp;
  return undefined;
}
