import { sha256 } from "@noble/hashes/sha2.js";
import type { Kind } from "../src/index.ts";
import { bytesToHex, encodePayload, signMessage } from "../src/index.ts";
import { SAMPLES, signerNamed } from "./samples.ts";

/** What a golden file under test/vectors/protocol holds; bigints are written "123n", bytes as hexadecimal digits. */
export interface Vector {
  readonly kind: Kind;
  readonly seed: string;
  readonly sender: string;
  readonly content: unknown;
  readonly payload: string;
  readonly id: string;
  readonly signature: string;
  readonly message: string;
}

export function toJSON(value: unknown): unknown {
  const text = JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return `${each}n`;
    return each instanceof Uint8Array ? bytesToHex(each) : each;
  });
  return JSON.parse(text);
}

/** Signs the sample of a kind with the key of seed SHA-256("alice"). */
export async function vectorOf(kind: Kind): Promise<Vector> {
  const alice = await signerNamed("alice");
  const message = await signMessage(alice, kind, SAMPLES[kind]);
  return {
    kind,
    seed: bytesToHex(sha256(new TextEncoder().encode("alice"))),
    sender: alice.peer,
    content: toJSON(message.content),
    payload: bytesToHex(encodePayload(kind, alice.peer, SAMPLES[kind])),
    id: message.id,
    signature: bytesToHex(message.bytes.subarray(-64)),
    message: bytesToHex(message.bytes),
  };
}
