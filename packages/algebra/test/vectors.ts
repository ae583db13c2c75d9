import { readFileSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2.js";
import { elementsToBytes } from "../src/index.ts";

/** A reference vector file; 64-digit hex strings become bigints. */
export function readVectors(name: string): any {
  const url = new URL(`../../../test/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"), (_, x) =>
    typeof x === "string" && /^0x[0-9a-f]{64}$/.test(x) ? BigInt(x) : x,
  );
}

/** SHA-256 of the concatenated 32-byte encodings, plain hex: how the vectors pin long lists. */
export const digestElements = (elements: readonly bigint[]): string =>
  Buffer.from(sha256(elementsToBytes(elements))).toString("hex");
