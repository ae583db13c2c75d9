import type { Change } from "../state/change.ts";
import { recordKey, text } from "../state/keys.ts";
import type { KeyCodec } from "../state/keys.ts";
import type { Repository } from "../state/repository.ts";
import type { DigestHex } from "./digest.ts";

export interface PinId {
  readonly owner: string;
  readonly digest: DigestHex;
}

export const pinKey: KeyCodec<PinId, Partial<PinId>> = recordKey<PinId>({
  owner: text,
  digest: text,
});

type PinBook = Pick<
  Repository<PinId, Uint8Array, Partial<PinId>>,
  "entries" | "putting" | "removing"
>;

export interface PinsInit {
  readonly book: PinBook;
  readonly commit: (changes: readonly Change[]) => Promise<void>;
  /** a digest got its first pin, or lost its last */
  readonly onPinned: (digest: DigestHex, sign: 1 | -1) => void;
}

const NOTHING = new Uint8Array();

/** Who needs which blob. A pin counts before it is written down and until it is struck out, so a crash leaves a pin too many at worst. */
export class Pins {
  readonly #init: PinsInit;
  readonly #byOwner = new Map<string, Set<DigestHex>>();
  readonly #counts = new Map<DigestHex, number>();

  constructor(init: PinsInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for await (const [{ owner, digest }] of this.#init.book.entries()) this.#add(owner, digest);
  }

  has(digest: DigestHex): boolean {
    return this.#counts.has(digest);
  }

  get owners(): readonly string[] {
    return [...this.#byOwner.keys()];
  }

  of(owner: string): readonly DigestHex[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  async pin(owner: string, digests: readonly DigestHex[]): Promise<void> {
    const changes = digests.map((digest) => this.#init.book.putting({ owner, digest }, NOTHING));
    const added = digests.filter((digest) => this.#add(owner, digest));
    try {
      await this.#init.commit(changes);
    } catch (thrown) {
      for (const digest of added) this.#drop(owner, digest);
      throw thrown;
    }
  }

  async unpin(owner: string, digests: readonly DigestHex[]): Promise<void> {
    await this.#init.commit(digests.map((digest) => this.#init.book.removing({ owner, digest })));
    for (const digest of digests) this.#drop(owner, digest);
  }

  #add(owner: string, digest: DigestHex): boolean {
    const own = this.#byOwner.get(owner) ?? new Set();
    if (own.has(digest)) return false;
    this.#byOwner.set(owner, own.add(digest));
    const count = this.#counts.get(digest) ?? 0;
    this.#counts.set(digest, count + 1);
    if (count === 0) this.#init.onPinned(digest, 1);
    return true;
  }

  #drop(owner: string, digest: DigestHex): void {
    const own = this.#byOwner.get(owner);
    if (!own?.delete(digest)) return;
    if (own.size === 0) this.#byOwner.delete(owner);
    const count = (this.#counts.get(digest) ?? 0) - 1;
    if (count > 0) this.#counts.set(digest, count);
    else this.#counts.delete(digest);
    if (count === 0) this.#init.onPinned(digest, -1);
  }
}
