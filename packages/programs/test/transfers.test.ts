import { Fp } from "@foldmesh/algebra";
import {
  type Account,
  AccountTree,
  type SignedTransfer,
  TREE_DEPTH,
  accountKey,
  signTransfer,
  transfersJob,
} from "@foldmesh/programs";
import { type StepInputs, type Value, firstViolation, stepCount, stepInputs } from "@foldmesh/r1cs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, openBench, snarkjsViolation } from "./run-program.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("transfers");
});
afterAll(() => bench.close());

const SECRETS = [1, 2, 3].map((k) => new Uint8Array(32).fill(k));
const ACCOUNTS: readonly Account[] = SECRETS.map((secret, i) => ({
  key: accountKey(secret),
  balance: 100n * BigInt(i + 1),
  nonce: 0n,
}));

const send = (from: number, to: number, amount: bigint, nonce = 0n): SignedTransfer =>
  signTransfer(SECRETS[from]!, { from, to, amount, nonce });

describe("the transfers program", () => {
  test("agrees with the native simulation, batches half full and payments to oneself included", async () => {
    const transfers = [
      send(0, 1, 30n),
      send(1, 2, 230n),
      send(2, 2, 530n),
      send(0, 2, 0n, 1n),
      send(2, 0, 530n, 1n),
    ];
    const job = transfersJob(ACCOUNTS, transfers);
    expect(job.accounts.map(({ balance, nonce }) => [balance, nonce])).toEqual([
      [600n, 2n],
      [0n, 1n],
      [0n, 2n],
    ]);
    expect(job.zn).toEqual([new AccountTree(job.accounts).root, 5n]);
    expect(stepCount(job.input)).toBe(3);
    const { zn, last } = await bench.runJob(job.input);
    expect(zn).toEqual(job.zn);
    expect(await snarkjsViolation("transfers", last)).toBeUndefined();
  });

  test("takes the largest balance", async () => {
    const rich = [
      { ...ACCOUNTS[0]!, balance: 2n ** 64n - 1n },
      { ...ACCOUNTS[1]!, balance: 0n },
    ];
    const { input, zn } = transfersJob(rich, [send(0, 1, 2n ** 64n - 1n)]);
    expect((await bench.runJob(input)).zn).toEqual(zn);
  });

  test("has the pinned size", () => {
    expect(bench.program.manifest).toMatchObject({
      stateSize: 2,
      constraints: 34_976,
      wires: 35_023,
    });
  });
});

describe("a prover cannot", () => {
  const inputs = (): { z0: readonly bigint[]; honest: Record<string, Value[]> } => {
    const { input } = transfersJob(ACCOUNTS, [send(0, 1, 30n), send(2, 1, 5n)]);
    return { z0: input.z0, honest: stepInputs(input, 0) as Record<string, Value[]> };
  };
  /** The honest inputs with the first place's value of some signals replaced. */
  const changed = (changes: Readonly<Record<string, Value>>): [readonly bigint[], StepInputs] => {
    const { z0, honest } = inputs();
    const entries = Object.entries(changes).map(([name, v]) => [name, [v, honest[name]![1]!]]);
    return [z0, { ...honest, ...(Object.fromEntries(entries) as StepInputs) }];
  };
  const stolen = signTransfer(SECRETS[1]!, { from: 0, to: 1, amount: 30n, nonce: 0n }).signature;
  const overdrawn = send(0, 1, 101n);
  const negative = send(0, 1, Fp.modulus - 5n);

  test.each([
    ["send what nobody signed", { amount: 31n }],
    ["send to somebody else", { to: 2n }],
    ["sign for another", { signatureR: stolen.R, signatureS: stolen.S }],
    ["forge a signature", { signatureS: 5n }],
    [
      "overdraw",
      { amount: 101n, signatureR: overdrawn.signature.R, signatureS: overdrawn.signature.S },
    ],
    [
      "send a negative amount",
      {
        amount: Fp.modulus - 5n,
        signatureR: negative.signature.R,
        signatureS: negative.signature.S,
      },
    ],
    ["claim a larger balance", { fromBalance: 1000n }],
    ["claim another nonce", { fromNonce: 1n }],
    ["claim another key", { fromKey: ACCOUNTS[1]!.key }],
    ["change the recipient's balance", { toBalance: 201n }],
    ["change a path", { fromPath: Array<bigint>(TREE_DEPTH).fill(1n) }],
    ["use an index beyond the tree", { from: BigInt(2 ** TREE_DEPTH) }],
    ["move without being active", { active: 0n }],
    ["be half active", { active: 2n }],
  ] as const)("%s", async (_, changes) => {
    await expect(bench.assign(...changed(changes))).rejects.toMatchObject({ code: "WITNESS" });
  });

  test("send a transfer twice", async () => {
    const job = transfersJob(ACCOUNTS, [send(0, 1, 30n), send(2, 1, 5n)]);
    const again = bench.assign([job.zn[0], 2n], stepInputs(job.input, 0));
    await expect(again).rejects.toMatchObject({ code: "WITNESS" });
  });

  test("change a wire of a finished assignment", async () => {
    const { z0, honest } = inputs();
    const z = await bench.assign(z0, honest);
    const { r1cs } = bench.program.step;
    for (let wire = 1; wire < r1cs.columns; wire += 3500) {
      z[32 * wire]! ^= 1;
      expect(firstViolation(r1cs, z)).toBeDefined();
      z[32 * wire]! ^= 1;
    }
    expect(firstViolation(r1cs, z)).toBeUndefined();
  });
});

describe("the simulation refuses", () => {
  const forged = { ...send(0, 1, 30n), amount: 31n };
  const full = [ACCOUNTS[0]!, { ...ACCOUNTS[1]!, balance: 2n ** 64n - 1n }];
  test.each([
    ["no transfers", ACCOUNTS, [], /no transfers/],
    ["an overdraft", ACCOUNTS, [send(0, 1, 101n)], /transfers\[0\]: account 0 has 100, not 101/],
    [
      "a replay",
      ACCOUNTS,
      [send(0, 1, 1n), send(0, 1, 1n)],
      /transfers\[1\]: account 0 is at nonce 1, not 0/,
    ],
    ["a forgery", ACCOUNTS, [forged], /the signature is not account 0's/],
    ["a negative amount", ACCOUNTS, [send(0, 1, -1n)], /an amount is in/],
    ["an overflow", full, [send(0, 1, 1n)], /would hold more/],
    ["an unknown account", ACCOUNTS, [send(0, 3, 1n)], /account 3 has no owner/],
    ["an index beyond the tree", ACCOUNTS, [send(0, 4096, 1n)], /no account 4096/],
  ] as const)("%s", (_, accounts, transfers, message) => {
    expect(() => transfersJob(accounts, transfers)).toThrow(message);
  });
});
