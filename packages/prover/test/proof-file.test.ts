import { describe, expect, test } from "vitest";
import { ProverError, decodeProof, encodeProof } from "../src/index.ts";

const file = {
  programDigest: "ab".repeat(32),
  stepsPerLeaf: 7,
  context: 5n,
  form: "node",
  key: "transparent",
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
    for (const form of ["node", "compressed"] as const) {
      for (const key of ["transparent", "kzg"] as const) {
        const other = { ...file, form, key };
        expect(decodeProof(encodeProof(other))).toEqual(other);
      }
    }
    const { key: _, ...unnamed } = file;
    expect(encodeProof(unnamed)).toEqual(bytes);
  });

  test.each([
    ["nothing", new Uint8Array(0), /only 0 bytes/],
    ["a header cut short", bytes.subarray(0, 60), /only 60 bytes/],
    ["another magic", edited((b) => (b[0] = 0)), /does not begin with FMPROOF/],
    ["another version", edited((b) => (b[7] = 2)), /format version 2/],
    ["another form", edited((b) => (b[8] = 4)), /form must be 0 to 3/],
    ["no steps in a leaf", edited((b) => b.fill(0, 41, 45)), /leaves without steps/],
    ["a context beyond the modulus", edited((b) => b.fill(255, 45, 77)), /context/],
    ["a text", new TextEncoder().encode("hello world ".repeat(20)), /FMPROOF/],
  ])("refuses %s", (_, junk, message) => {
    const decode = () => decodeProof(junk);
    expect(decode).toThrow(ProverError);
    expect(decode).toThrow(message);
  });
});
