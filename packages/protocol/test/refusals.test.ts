import * as dagCBOR from "@ipld/dag-cbor";
import { describe, expect, test } from "vitest";
import type { Kind, ProtocolErrorCode } from "../src/index.ts";
import {
  bytes,
  decodeCanonical,
  encodeCanonical,
  encodePayload,
  KINDS,
  list,
  MAX_MONEY,
  openMessage,
  peerToBytes,
  signedBytes,
  signMessage,
  truth,
  verifySignature,
} from "../src/index.ts";
import { ALL_KINDS, digestOf, SAMPLES, signerNamed } from "./samples.ts";

const alice = await signerNamed("alice");
type Data = Record<string, unknown>;

/** Signs any payload bytes as if they were a good message of this kind. */
async function forge(kind: Kind, payload: Uint8Array): Promise<Uint8Array> {
  const signature = await alice.sign(signedBytes(kind, payload));
  return dagCBOR.encode({ payload, signature });
}

/** The sample of a kind, its data changed by `change`, encoded and signed. */
async function changed(
  kind: Kind,
  change: (payload: Data, content: Data) => void,
): Promise<Uint8Array> {
  const payload = dagCBOR.decode<Data>(encodePayload(kind, alice.peer, SAMPLES[kind]));
  change(payload, payload["content"] as Data);
  return forge(kind, dagCBOR.encode(payload));
}

async function codeOf(
  message: Uint8Array,
  ...kinds: Kind[]
): Promise<ProtocolErrorCode | "accepted"> {
  return openMessage(verifySignature, message, ...kinds).then(
    () => "accepted" as const,
    (error: { code: ProtocolErrorCode }) => error.code,
  );
}

describe("a field out of its place", () => {
  const cases: [ProtocolErrorCode, Kind, string, (payload: Data, content: Data) => void][] = [
    ["UNKNOWN_FIELD", "Cancel", "extra in the content", (_, content) => (content["extra"] = 1)],
    ["MALFORMED", "Cancel", "extra in the payload", (payload) => (payload["extra"] = 1)],
    ["UNKNOWN_FIELD", "Cancel", "__proto__", (_, content) => define(content, "__proto__")],
    ["MISSING_FIELD", "Cancel", "none", (_, content) => delete content["reason"]],
    [
      "VERSION",
      "Cancel",
      "a newer version with other fields",
      (payload, content) => {
        payload["version"] = 2;
        content["extra"] = 1;
      },
    ],
    ["VERSION", "Cancel", "a version that is no number", (payload) => (payload["version"] = "1")],
    ["WRONG_TYPE", "Progress", "text for a number", (_, content) => (content["done"] = "47")],
    ["WRONG_TYPE", "Progress", "a fraction", (_, content) => (content["done"] = 4.5)],
    ["OUT_OF_RANGE", "Progress", "negative", (_, content) => (content["done"] = -1)],
    ["OUT_OF_RANGE", "Progress", "2^60", (_, content) => (content["done"] = 1n << 60n)],
    [
      "OUT_OF_RANGE",
      "Award",
      "too much money",
      (_, content) => {
        (content["lots"] as Data[])[0]!["price"] = MAX_MONEY + 1n;
      },
    ],
    [
      "OUT_OF_RANGE",
      "Award",
      "negative money",
      (_, content) => {
        (content["lots"] as Data[])[0]!["price"] = -5;
      },
    ],
    [
      "WRONG_TYPE",
      "Progress",
      "a hash for a link",
      (_, content) => (content["job"] = new Uint8Array(36)),
    ],
    [
      "OUT_OF_RANGE",
      "BidCommit",
      "31 bytes for a hash",
      (_, content) => {
        content["commitment"] = new Uint8Array(31);
      },
    ],
    [
      "OUT_OF_RANGE",
      "Lease",
      "not an Ed25519 peer",
      (_, content) => (content["peer"] = new Uint8Array(38)),
    ],
    [
      "OUT_OF_RANGE",
      "Delivery",
      "empty range",
      (_, content) => (content["range"] = { start: 4, end: 4 }),
    ],
    [
      "OUT_OF_RANGE",
      "Delivery",
      "range backwards",
      (_, content) => (content["range"] = { start: 5, end: 4 }),
    ],
    [
      "OUT_OF_RANGE",
      "Refusal",
      "a word that is not one of ours",
      (_, content) => (content["reason"] = "no"),
    ],
    [
      "OUT_OF_RANGE",
      "Award",
      "lots out of order",
      (_, content) => (content["lots"] as Data[]).reverse(),
    ],
    [
      "OUT_OF_RANGE",
      "Award",
      "one lot twice",
      (_, content) => {
        const lots = content["lots"] as Data[];
        lots[1]!["lot"] = lots[0]!["lot"];
      },
    ],
    [
      "OUT_OF_RANGE",
      "AuctionAnnouncement",
      "weights over a million",
      (_, content) => {
        content["weights"] = { price: 700_000, reputation: 300_001 };
      },
    ],
    [
      "OUT_OF_RANGE",
      "AuctionAnnouncement",
      "reveal before commit",
      (_, content) => (content["revealBy"] = 0),
    ],
    [
      "OUT_OF_RANGE",
      "AuctionAnnouncement",
      "a task in two lots",
      (_, content) => {
        const lots = content["lots"] as Data[];
        lots[1]!["task"] = lots[0]!["task"];
      },
    ],
    ["OUT_OF_RANGE", "ProofRequest", "zN of another length", (_, content) => (content["zN"] = [])],
    [
      "WRONG_TYPE",
      "ProofRequest",
      "null for an absent field",
      (_, content) => (content["zN"] = null),
    ],
    [
      "OUT_OF_RANGE",
      "ProofRequest",
      "an input of no kind",
      (_, content) => {
        (content["input"] as Data)["kind"] = "toString";
      },
    ],
    [
      "OUT_OF_RANGE",
      "Receipt",
      "a verdict of no kind",
      (_, content) => (content["verdict"] = { kind: "x" }),
    ],
    [
      "UNKNOWN_FIELD",
      "Receipt",
      "fields of the other verdict",
      (_, content) => {
        (content["verdict"] as Data)["reason"] = "expired";
      },
    ],
    [
      "OUT_OF_RANGE",
      "Lease",
      "a task name with a path",
      (_, content) => (content["task"] = "../prove:1"),
    ],
  ];

  test.each(cases)("%s: %s, %s", async (code, kind, _, change) => {
    expect(await codeOf(await changed(kind, change))).toBe(code);
  });
});

function define(content: Data, key: string): void {
  Object.defineProperty(content, key, { value: 1, enumerable: true });
}

describe("an encoding that is not the one", () => {
  const payload = encodePayload("Progress", alice.peer, SAMPLES.Progress);

  test("trailing bytes after the envelope, and inside it after the payload", async () => {
    const { bytes } = await signMessage(alice, "Progress", SAMPLES.Progress);
    expect(await codeOf(Uint8Array.of(...bytes, 0))).toBe("MALFORMED");
    expect(await codeOf(await forge("Progress", Uint8Array.of(...payload, 0)))).toBe("MALFORMED");
  });

  test("cut short at every byte", async () => {
    const { bytes } = await signMessage(alice, "Progress", SAMPLES.Progress);
    for (let length = 0; length < bytes.length; length++) {
      expect(await codeOf(bytes.subarray(0, length))).toBe("MALFORMED");
    }
  });

  test("an integer written longer than need be", async () => {
    expect(payload.at(-1)).toBe(1);
    const longer = Uint8Array.of(...payload.subarray(0, -1), 0x18, 1);
    expect(await codeOf(await forge("Progress", longer))).toBe("MALFORMED");
  });

  test("keys in another order", async () => {
    expect(await codeOf(await forge("Progress", swapKeys(payload)))).toBe("NOT_CANONICAL");
  });

  test("a float for an integer", async () => {
    const float = Uint8Array.of(...payload.subarray(0, -1), 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0);
    expect(await codeOf(await forge("Progress", float))).toBe("NOT_CANONICAL");
  });

  test("a link whose CID is written with longer varints", async () => {
    const text = Buffer.from(payload).toString("hex");
    const longer = text.replace("d82a58250001711220", "d82a58260001f1001220");
    expect(longer).not.toBe(text);
    const message = await forge("Progress", new Uint8Array(Buffer.from(longer, "hex")));
    expect(await codeOf(message)).toBe("MALFORMED");
  });

  test("a million nested lists", async () => {
    const deep = Uint8Array.of(...payload.subarray(0, 15), ...new Uint8Array(900).fill(0x81));
    expect(await codeOf(await forge("Progress", deep))).toBe("MALFORMED");
    const evidence = encodePayload("Evidence", alice.peer, SAMPLES.Evidence);
    const deeper = new Uint8Array(1_000_000).fill(0x81);
    deeper.set(evidence.subarray(0, 15));
    expect(await codeOf(await forge("Evidence", deeper))).toBe("MALFORMED");
  });
});

/** Moves the last pair of the payload's map ("version": 1) behind "kind", out of canonical order. */
function swapKeys(payload: Uint8Array): Uint8Array {
  const version = payload.subarray(-9);
  const afterKind = 1 + 5 + 1 + "Progress".length;
  return Uint8Array.of(
    ...payload.subarray(0, afterKind),
    ...version,
    ...payload.subarray(afterKind, -9),
  );
}

describe("size, kind and signature", () => {
  test.each(ALL_KINDS)("%s over its limit is refused before anything is decoded", async (kind) => {
    const { bytes } = await signMessage(alice, kind, SAMPLES[kind]);
    const large = new Uint8Array(KINDS[kind].limit + 1); // good front, garbage behind: decoding would say MALFORMED
    large.set(bytes.subarray(0, 40));
    expect(await codeOf(large)).toBe("TOO_LARGE");
  });

  test("our own content over the limit is not signed", async () => {
    const messages = Array.from({ length: 30 }, () => new Uint8Array(100_000));
    const evidence = { ...SAMPLES.Evidence, messages };
    await expect(signMessage(alice, "Evidence", evidence)).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });

  test("our own content out of range is not signed", async () => {
    const promise = signMessage(alice, "BidCommit", { ...SAMPLES.BidCommit, commitment: "abcd" });
    await expect(promise).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  test("a kind that does not exist, and one that was not expected", async () => {
    const { bytes } = await signMessage(alice, "Cancel", SAMPLES.Cancel);
    expect(await codeOf(bytes, "Order", "Award")).toBe("WRONG_KIND");
    const payload = dagCBOR.encode({
      version: 1,
      kind: "Gift",
      sender: peerToBytes(alice.peer),
      content: {},
    });
    expect(await codeOf(await forge("Cancel", payload))).toBe("UNKNOWN_KIND");
    const inherited = dagCBOR.encode({
      version: 1,
      kind: "toString",
      sender: peerToBytes(alice.peer),
      content: {},
    });
    expect(await codeOf(await forge("Cancel", inherited))).toBe("UNKNOWN_KIND");
  });

  test("a signature of another kind's domain, of another peer, or of a key that is no point", async () => {
    const payload = encodePayload("BidCommit", alice.peer, SAMPLES.BidCommit);
    const wrongDomain = await alice.sign(signedBytes("BidReveal", payload));
    expect(await codeOf(dagCBOR.encode({ payload, signature: wrongDomain }))).toBe("BAD_SIGNATURE");
    const bob = await signerNamed("bob");
    const stolen = await bob.sign(signedBytes("BidCommit", payload));
    expect(await codeOf(dagCBOR.encode({ payload, signature: stolen }))).toBe("BAD_SIGNATURE");
    const nobody = await changed("BidCommit", (data) => {
      (data["sender"] as Uint8Array).fill(0xff, 6);
    });
    expect(await codeOf(nobody)).toBe("BAD_SIGNATURE");
  });

  test("messages say what was expected, what came and where", async () => {
    const message = await changed("Delivery", (_, content) => (content["bytes"] = "many"));
    await expect(openMessage(verifySignature, message)).rejects.toThrow(
      'Delivery.content.bytes: expected an integer, got "many"',
    );
  });

  test("the id names the payload: another commitment is another id", async () => {
    const one = await signMessage(alice, "BidCommit", SAMPLES.BidCommit);
    const two = await signMessage(alice, "BidCommit", {
      ...SAMPLES.BidCommit,
      commitment: digestOf("x"),
    });
    expect(one.id).not.toBe(two.id);
  });
});

test("a blob of more values than there can be is refused before it becomes objects", () => {
  const many = list(list(truth, 0, 9), 0, 2 ** 32);
  const blob = Uint8Array.from([0x9a, 0, 1, 0, 0, ...Array.from({ length: 2 ** 16 }, () => 0x80)]);
  expect(decodeCanonical(many, blob, "lists", 2 ** 16 + 1)).toHaveLength(2 ** 16);
  expect(() => decodeCanonical(many, blob, "lists", 2 ** 16)).toThrow(/more than 65536 values/);
  for (let length = 0; length < 9; length++) {
    const cut = encodeCanonical(bytes(0, 300), new Uint8Array(300)).subarray(0, length);
    expect(() => decodeCanonical(bytes(0, 300), cut, "bytes", 9)).toThrow(/not DAG-CBOR/);
  }
});
