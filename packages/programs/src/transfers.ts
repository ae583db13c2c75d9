import type { JobInput, StepInputs } from "@foldmesh/r1cs";
import { R1CSError } from "@foldmesh/r1cs";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { type Account, AccountTree, EMPTY_ACCOUNT, TREE_DEPTH } from "./account-tree.ts";
import { type PublicKey, type Signature, publicKeyOf, sign, verify } from "./eddsa.ts";

/** Transfers in one step of the `transfers` program. */
export const TRANSFERS_PER_STEP = 2;

const BALANCE_LIMIT = 2n ** 64n;

/** Moves `amount` between accounts, which are named by their index in the tree. */
export interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly amount: bigint;
  /** Transfers that the sender has sent before. */
  readonly nonce: bigint;
}

export interface SignedTransfer extends Transfer {
  /** EdDSA-Poseidon on BabyJubjub, over Poseidon(from, to, amount, nonce). */
  readonly signature: Signature;
}

const messageOf = ({ from, to, amount, nonce }: Transfer): bigint =>
  poseidon4([BigInt(from), BigInt(to), amount, nonce]);

/** The public key of an account's owner. @param privateKey secret bytes, 32 for full strength */
export function accountKey(privateKey: Uint8Array): PublicKey {
  return publicKeyOf(privateKey);
}

export function signTransfer(privateKey: Uint8Array, transfer: Transfer): SignedTransfer {
  return { ...transfer, signature: sign(privateKey, messageOf(transfer)) };
}

export interface TransfersJob {
  readonly input: JobInput;
  /** The state at the end: (root, number of transfers). */
  readonly zn: readonly [root: bigint, applied: bigint];
  /** Accounts at the end, as many as there were at the beginning. */
  readonly accounts: readonly Account[];
}

/**
 * Applies transfers in order and gives the job that proves it: TRANSFERS_PER_STEP a step, the last step
 * filled with inactive places.
 * @param accounts at indices 0, 1, … of the tree, 4,096 at most
 * @throws R1CSError INPUT naming the transfer that is wrong (unknown account, nonce, balance, signature)
 */
export function transfersJob(
  accounts: readonly Account[],
  transfers: readonly SignedTransfer[],
): TransfersJob {
  if (transfers.length === 0) throw new R1CSError("INPUT", "there are no transfers");
  if (accounts.length > 2 ** TREE_DEPTH) {
    throw new R1CSError("INPUT", `${accounts.length} accounts, the tree has ${2 ** TREE_DEPTH}`);
  }
  const tree = new AccountTree(accounts);
  const z0 = [tree.root, 0n];
  const steps: StepInputs[] = [];
  for (let start = 0; start < transfers.length; start += TRANSFERS_PER_STEP) {
    const places = Array.from({ length: TRANSFERS_PER_STEP }, (_, k) => {
      const transfer = transfers[start + k];
      return transfer === undefined ? idle(tree) : apply(tree, transfer, start + k);
    });
    steps.push(batched(places));
  }
  return {
    input: { z0, steps },
    zn: [tree.root, BigInt(transfers.length)],
    accounts: accounts.map((_, index) => tree.account(index)),
  };
}

/** The inputs of the circuit's template Transfer, by name. */
type Place = Readonly<Record<string, bigint | readonly bigint[]>>;

function apply(tree: AccountTree, transfer: SignedTransfer, position: number): Place {
  check(tree, transfer, position);
  const { from, to, amount, signature } = transfer;
  const sender = tree.account(from);
  const fromPath = tree.path(from);
  tree.set(from, { ...sender, balance: sender.balance - amount, nonce: sender.nonce + 1n });
  const recipient = tree.account(to);
  const toPath = tree.path(to);
  tree.set(to, { ...recipient, balance: recipient.balance + amount });
  return {
    active: 1n,
    from: BigInt(from),
    to: BigInt(to),
    amount,
    fromKey: sender.key,
    fromBalance: sender.balance,
    fromNonce: sender.nonce,
    fromPath,
    toKey: recipient.key,
    toBalance: recipient.balance,
    toNonce: recipient.nonce,
    toPath,
    signatureR: signature.R,
    signatureS: signature.S,
  };
}

/** An inactive place: account 0 pays itself nothing. */
function idle(tree: AccountTree): Place {
  const { key, balance, nonce } = tree.account(0);
  const path = tree.path(0);
  return {
    active: 0n,
    from: 0n,
    to: 0n,
    amount: 0n,
    fromKey: key,
    fromBalance: balance,
    fromNonce: nonce,
    fromPath: path,
    toKey: key,
    toBalance: balance,
    toNonce: nonce,
    toPath: path,
    signatureR: [0n, 0n],
    signatureS: 0n,
  };
}

/** [{ active: 1n }, { active: 0n }] → { active: [1n, 0n] } */
function batched(places: readonly Place[]): StepInputs {
  const names = Object.keys(places[0]!);
  return Object.fromEntries(names.map((name) => [name, places.map((place) => place[name]!)]));
}

function check(tree: AccountTree, transfer: SignedTransfer, position: number): void {
  const { from, to, amount, nonce, signature } = transfer;
  const refuse = (what: string): never => {
    throw new R1CSError("INPUT", `transfers[${position}]: ${what}`);
  };
  for (const index of [from, to]) {
    const valid = Number.isInteger(index) && index >= 0 && index < 2 ** TREE_DEPTH;
    if (!valid) refuse(`there is no account ${index}, indices are 0 to ${2 ** TREE_DEPTH - 1}`);
    if (tree.account(index) === EMPTY_ACCOUNT) refuse(`account ${index} has no owner`);
  }
  if (amount < 0n || amount >= BALANCE_LIMIT) refuse(`an amount is in [0, 2^64), not ${amount}`);
  const sender = tree.account(from);
  if (nonce !== sender.nonce) refuse(`account ${from} is at nonce ${sender.nonce}, not ${nonce}`);
  if (amount > sender.balance) refuse(`account ${from} has ${sender.balance}, not ${amount}`);
  const credited = from === to ? sender.balance : tree.account(to).balance + amount;
  if (credited >= BALANCE_LIMIT) refuse(`account ${to} would hold more than 2^64 − 1`);
  if (!verify(sender.key, messageOf(transfer), signature)) {
    refuse(`the signature is not account ${from}'s over this transfer`);
  }
}
