import { describe, expect, test } from "vitest";
import { ProverError, decodeProof, encodeProof } from "../src/index.ts";

const file = {
  programDigest: "ab".repeat(32),
  stepsPerLeaf: 7,
  context: 5n,
  form: "node",
  body: Uint8Array.of(1, 2, 3),
} as const;
const bytes = encodeProof(file);

const edited = (edit: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  edit(copy);
  return copy;
};

describe("proof file", () => {
  test("round trip", () => {
    expect(decodeProof(bytes)).toEqual(file);
  });

  test.each([
    ["nothing", new Uint8Array(0), /only 0 bytes/],
    ["a header cut short", bytes.subarray(0, 60), /only 60 bytes/],
    ["another magic", edited((b) => (b[0] = 0)), /does not begin with FMPROOF/],
    ["another version", edited((b) => (b[7] = 2)), /format version 2/],
    ["another form", edited((b) => (b[8] = 2)), /form must be 0 or 1/],
    ["no steps in a leaf", edited((b) => b.fill(0, 41, 45)), /leaves without steps/],
    ["a context beyond the modulus", edited((b) => b.fill(255, 45, 77)), /context/],
    ["a text", new TextEncoder().encode("hello world ".repeat(20)), /FMPROOF/],
  ])("refuses %s", (_, junk, message) => {
    const decode = () => decodeProof(junk);
    expect(decode).toThrow(ProverError);
    expect(decode).toThrow(message);
  });
});
