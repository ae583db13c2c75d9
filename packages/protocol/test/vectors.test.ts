import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { CID } from "multiformats/cid";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, openMessage, publicKeyOf, verifySignature } from "../src/index.ts";
import { ALL_KINDS } from "./samples.ts";
import { toJSON, type Vector, vectorOf } from "./vectors.ts";

const FOLDER = new URL("../../../test/vectors/protocol/", import.meta.url);

describe.each(ALL_KINDS)("%s", (kind) => {
  const path = new URL(`${kind}.json`, FOLDER);

  test("encodes, signs and is named exactly as the golden vector says", async () => {
    const rendered = `${JSON.stringify(await vectorOf(kind), null, 2)}\n`;
    await expect(rendered).toMatchFileSnapshot(path.pathname);
  });

  test("the golden bytes open to the golden content", async () => {
    const vector = JSON.parse(readFileSync(path, "utf8")) as Vector;
    const message = await openMessage(verifySignature, hexToBytes(vector.message), kind);
    expect(toJSON(message.content)).toEqual(vector.content);
    expect([message.sender, message.id]).toEqual([vector.sender, vector.id]);
  });

  test("Node's own SHA-256 and Ed25519 agree with the golden id and signature", () => {
    const vector = JSON.parse(readFileSync(path, "utf8")) as Vector;
    const payload = hexToBytes(vector.payload);
    const digest = createHash("sha256").update(payload).digest();
    expect(bytesToHex(CID.parse(vector.id).multihash.digest)).toBe(bytesToHex(digest));
    const x = Buffer.from(publicKeyOf(vector.sender)).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signed = Buffer.concat([Buffer.from(`foldmesh:${kind}:`), payload]);
    expect(verify(null, signed, key, hexToBytes(vector.signature))).toBe(true);
  });
});
