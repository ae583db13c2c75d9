// What a dApp sends: values, inputs, programs, and the words of requests.

import { Fp } from "@foldmesh/algebra";
import { programDir } from "@foldmesh/programs";
import { ProtocolError, decodeCanonical, encodeCanonical } from "@foldmesh/protocol";
import type { JobInput, Value } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ClientError,
  MAX_WAIT_MS,
  decodeInput,
  elementFromHex,
  elementToHex,
  encodeBundle,
  encodeInput,
  openBundle,
  watchReply,
  watchRequest,
} from "../src/index.ts";
import { readBundle } from "../src/node/index.ts";

const element = fc.bigInt({ min: 0n, max: Fp.modulus - 1n });
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    element,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/), tie("value"), { maxKeys: 3 }),
  ),
}));
const step = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), value, { maxKeys: 4 });

const plain = (x: unknown): unknown =>
  JSON.stringify(x, (_, each: unknown) => (typeof each === "bigint" ? `${each}n` : each));

const refused = (bytes: Uint8Array, count: number): ProtocolError => {
  try {
    decodeInput(bytes, [0n], count);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
  }
  throw new Error("it was not refused");
};

describe("inputs as a blob", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const input: JobInput = { z0: [1n], steps };
        const again = decodeInput(encodeInput(input), [1n], steps.length);
        expect("steps" in again && again.steps.length).toBe(steps.length);
        expect(encodeInput(again)).toEqual(encodeInput(input));
      }),
      { numRuns: 60 },
    );
  });

  test("hold small values in few bytes", () => {
    const bits = Array.from({ length: 512 }, (_, i) => BigInt(i % 2));
    expect(encodeInput({ z0: [0n], steps: [{ bits }] }).length).toBeLessThan(2 * 512 + 40);
  });

  test("of no private inputs are the same for any number of steps", () => {
    const blob = encodeInput({ z0: [0n], count: 7 });
    expect(decodeInput(blob, [5n], 9)).toEqual({ z0: [5n], count: 9 });
  });

  test("are refused when they are of another number of steps", () => {
    expect(refused(encodeInput({ z0: [0n], steps: [{}, {}] }), 3).message).toMatch(/2 steps.*3/);
  });

  test("are refused in other than their shortest bytes, above the modulus, and cut short", () => {
    const blob = encodeInput({ z0: [0n], steps: [{ x: 5n }] });
    const at = blob.findLastIndex((byte) => byte === 5);
    const padded = Uint8Array.from([...blob.slice(0, at - 1), 0x42, 5, 0]);
    expect(refused(padded, 1).code).toBe("WRONG_TYPE");
    const large = Uint8Array.from([
      ...blob.slice(0, at - 1),
      0x58,
      32,
      ...Array.from({ length: 32 }, () => 255),
    ]);
    expect(refused(large, 1).code).toBe("OUT_OF_RANGE");
    expect(refused(blob.slice(0, -1), 1).code).toBe("MALFORMED");
  });
});

describe("elements in messages", () => {
  test("are 32 bytes, little endian, below the modulus", () => {
    expect(elementToHex(258n)).toBe(`0201${"00".repeat(30)}`);
    fc.assert(
      fc.property(element, (x) => {
        expect(elementFromHex(elementToHex(x))).toBe(x);
      }),
    );
    expect(() => elementFromHex("ff".repeat(32))).toThrow(ProtocolError);
  });
});

describe("a program as a blob", () => {
  test("opens as the program it was made of", async () => {
    const program = await loadProgram(programDir("minroot"));
    const opened = openBundle(encodeBundle(await readBundle(programDir("minroot"))));
    expect(opened.digest).toBe(program.digest);
    expect(plain(opened.inputs)).toBe(plain(program.inputs));
  });

  test("is refused when a file is not its manifest's, or the bytes are none", async () => {
    const bundle = await readBundle(programDir("minroot"));
    const wasm = bundle.files["step.wasm"].slice();
    wasm[wasm.length - 1]! ^= 1;
    const tampered = encodeBundle({ ...bundle, files: { ...bundle.files, "step.wasm": wasm } });
    for (const blob of [tampered, new Uint8Array(), Uint8Array.of(0xa0)]) {
      expect(() => openBundle(blob)).toThrow(ClientError);
    }
  });
});

describe("requests", () => {
  const job = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

  test("to watch are bounded in time", () => {
    const request = { job, from: 3, waitMs: MAX_WAIT_MS };
    const bytes = encodeCanonical(watchRequest, request);
    expect(decodeCanonical(watchRequest, bytes, "watch")).toEqual(request);
    const long = encodeCanonical(watchRequest, { ...request, waitMs: MAX_WAIT_MS + 1 });
    expect(() => decodeCanonical(watchRequest, long, "watch")).toThrow(/waitMs/);
  });

  test("are answered with updates that come back as they were", () => {
    const peer = "12D3KooWGCayYhjYAknELyWWCD3LhjirkExNNbVaacMpFmJHsy4x";
    const at = 1_700_000_000_000;
    const range = { start: 0, end: 4 };
    const work = { task: "prove:0", epoch: 1, peer };
    const events = [
      { kind: "accepted", steps: 8, stepsPerLeaf: 2, leaves: 4, constraints: 32_768 },
      { kind: "planned", shards: [range] },
      {
        kind: "auction-opened",
        auction: job,
        lots: [{ task: "prove:0", work: "prove", range, reserve: 5n }],
        bidders: 2,
      },
      {
        kind: "auction-closed",
        auction: job,
        sold: [{ task: "prove:0", peer, price: 4n, duration: 10 }],
      },
      { kind: "leased", ...work, range, price: 4n },
      { kind: "rejected", ...work, failures: ["u: relation"] },
      { kind: "paid", ...work, range, amount: 4n, receipt: job },
      { kind: "done", proof: job, bytes: 9, paid: 4n },
    ] as const;
    const updates = events.map((event, sequence) => ({ sequence, at, event }));
    const reply = { updates, over: true };
    const bytes = encodeCanonical(watchReply, reply);
    expect(decodeCanonical(watchReply, bytes, "updates")).toEqual(reply);
  });
});
