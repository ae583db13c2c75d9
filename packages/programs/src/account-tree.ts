import { poseidon2 } from "poseidon-lite/poseidon2";
import { poseidon4 } from "poseidon-lite/poseidon4";

/** Levels of the `transfers` program's tree: 4,096 accounts. */
export const TREE_DEPTH = 12;

export interface Account {
  /** The owner's BabyJubjub public key; (0, 0) where nobody owns it. */
  readonly key: readonly [bigint, bigint];
  /** In [0, 2^64). */
  readonly balance: bigint;
  /** Transfers sent so far. */
  readonly nonce: bigint;
}

export const EMPTY_ACCOUNT: Account = { key: [0n, 0n], balance: 0n, nonce: 0n };

const accountHash = ({ key, balance, nonce }: Account): bigint =>
  poseidon4([key[0], key[1], balance, nonce]);

/** Hashes of empty subtrees by height, computed by whoever builds a tree. */
function emptyHashes(): bigint[] {
  const hashes = [accountHash(EMPTY_ACCOUNT)];
  for (let k = 0; k < TREE_DEPTH; k++) hashes.push(poseidon2([hashes[k]!, hashes[k]!]));
  return hashes;
}

/** The Merkle tree of accounts that the `transfers` circuit sees; keeps touched nodes only. */
export class AccountTree {
  readonly #accounts = new Map<number, Account>();
  readonly #levels: Map<number, bigint>[] = Array.from({ length: TREE_DEPTH + 1 }, () => new Map());
  readonly #empty: readonly bigint[] = emptyHashes();

  constructor(accounts: readonly Account[]) {
    accounts.forEach((account, index) => this.set(index, account));
  }

  get root(): bigint {
    return this.#node(TREE_DEPTH, 0);
  }

  account(index: number): Account {
    return this.#accounts.get(index) ?? EMPTY_ACCOUNT;
  }

  /** Siblings of an account, leaves first. */
  path(index: number): bigint[] {
    return Array.from({ length: TREE_DEPTH }, (_, k) =>
      this.#node(k, Math.floor(index / 2 ** k) ^ 1),
    );
  }

  set(index: number, account: Account): void {
    this.#accounts.set(index, account);
    this.#levels[0]!.set(index, accountHash(account));
    for (let k = 1, at = index >> 1; k <= TREE_DEPTH; k++, at >>= 1) {
      const children = [this.#node(k - 1, 2 * at), this.#node(k - 1, 2 * at + 1)];
      this.#levels[k]!.set(at, poseidon2(children));
    }
  }

  #node(level: number, index: number): bigint {
    return this.#levels[level]!.get(index) ?? this.#empty[level]!;
  }
}
