// What a node was paid, kept in its data directory: a line for every receipt, written when it comes.
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeEvent } from "@foldmesh/node";
import { toJSON } from "../io/terminal.ts";

const FILE = "receipts.jsonl";

export interface Earnings {
  /** Receipts of accepted and of rejected work, and all money in micro-units. */
  readonly total: () => Totals;
  readonly onEvent: (event: NodeEvent) => void;
  /** Resolves when everything is on disk. */
  readonly settled: () => Promise<void>;
}

export interface Totals {
  readonly earned: bigint;
  readonly accepted: number;
  readonly rejected: number;
}

const NOTHING: Totals = { earned: 0n, accepted: 0, rejected: 0 };

/** @param onFailure a receipt could not be written; it still counts until the node ends */
export async function openEarnings(
  dataDir: string,
  onFailure: (error: unknown) => void,
): Promise<Earnings> {
  const path = join(dataDir, FILE);
  let totals = (await readLines(path)).reduce(addAmount, NOTHING);
  let writing: Promise<void> = Promise.resolve();
  return {
    total: () => totals,
    onEvent(event) {
      if (event.kind !== "receipt") return;
      const { kind: _, ...receipt } = event;
      totals = addAmount(totals, receipt.amount);
      const line = `${toJSON({ at: new Date().toISOString(), ...receipt })}\n`;
      writing = writing.then(() => appendFile(path, line, { mode: 0o600 })).catch(onFailure);
    },
    settled: () => writing,
  };
}

const addAmount = ({ earned, accepted, rejected }: Totals, amount: bigint): Totals => ({
  earned: earned + amount,
  accepted: accepted + (amount > 0n ? 1 : 0),
  rejected: rejected + (amount > 0n ? 0 : 1),
});

/** Amounts of every whole line: a line cut short by a crash is left out. */
async function readLines(path: string): Promise<bigint[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const amount = /"amount":"(\d+)"/.exec(line)?.[1];
    return amount === undefined || !line.endsWith("}") ? [] : [BigInt(amount)];
  });
}
