import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SignedMessage } from "../src/index.ts";
import { openMessage, ProtocolError, signMessage, verifySignature } from "../src/index.ts";
import { ALL_KINDS, SAMPLES, signerNamed } from "./samples.ts";

const alice = await signerNamed("alice");
const messages = await Promise.all(
  ALL_KINDS.map((kind) => signMessage(alice, kind, SAMPLES[kind])),
);

/** Opens, or gives the code; anything thrown that is not a ProtocolError fails the test. */
async function open(bytes: Uint8Array): Promise<SignedMessage | string> {
  try {
    return (await openMessage(verifySignature, bytes)) as SignedMessage;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

type Edit = { readonly at: number; readonly drop: number; readonly put: Uint8Array };

const edits = fc.array(
  fc.record({ at: fc.nat(100_000), drop: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) }),
  { minLength: 1, maxLength: 4 },
);

function apply(bytes: Uint8Array, edit: Edit): Uint8Array {
  const at = edit.at % (bytes.length + 1);
  return Uint8Array.of(...bytes.subarray(0, at), ...edit.put, ...bytes.subarray(at + edit.drop));
}

describe("mutated messages", () => {
  test("give a typed error or the very same message, never another one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...messages), edits, async (message, changes) => {
        const mutant = changes.reduce(apply, message.bytes);
        const result = await open(mutant);
        if (typeof result !== "string") expect(mutant).toEqual(message.bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test("every single-bit flip of a message is refused", async () => {
    const { bytes } = messages[ALL_KINDS.indexOf("Refusal")] as SignedMessage;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const mutant = bytes.slice();
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(typeof (await open(mutant))).toBe("string");
    }
  });

  test("random bytes are refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(typeof (await open(bytes))).toBe("string");
      }),
    );
  });

  test("a peer's signature on one message does not carry another", async () => {
    for (const a of messages) {
      for (const b of messages) {
        if (a === b) continue;
        const grafted = Uint8Array.of(...a.bytes.subarray(0, -64), ...b.bytes.subarray(-64));
        expect(await open(grafted)).toBe("BAD_SIGNATURE");
      }
    }
  });
});
