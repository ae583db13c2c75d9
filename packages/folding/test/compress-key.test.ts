// The verifying key as a file: what a page needs besides a proof.

import {
  type Curve,
  G1,
  Grumpkin,
  createEngine,
  plainPoseidon,
  pointsToBytes,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { beforeAll, expect, test } from "vitest";
import {
  FoldingError,
  type System,
  decodeVerifierKey,
  encodeVerifierKey,
  loadVerifierKey,
  verifierKeyDigest,
  verifyCompressed,
} from "../src/index.ts";
import { type CompressedRoot, compressedRoot } from "./compress-support.ts";
import { scenario } from "./scenario.ts";
import { wGenerators } from "./support.ts";
import { toyStep } from "./toy-step.ts";

let root: CompressedRoot;
let system: System;
let file: Uint8Array;
beforeAll(async () => {
  root = await compressedRoot();
  ({ system } = (await scenario()).setup);
  file = encodeVerifierKey(system, toyStep(), await wGenerators());
}, 120_000);

const decode = (bytes: Uint8Array, digest: string = verifierKeyDigest(bytes)) =>
  decodeVerifierKey(bytes, digest, plainPoseidon());

test("a proof verifies with nothing but the two files, in another engine", async () => {
  const read = decode(file);
  expect(read.system).toEqual(system);
  const engine = await createEngine({ load: readModules, backend: "int29" });
  const key = loadVerifierKey(engine, read.system, read.structures, read.bases);
  expect(await verifyCompressed(key, root.bytes, root.expected)).toEqual([]);
  const expected = { ...root.expected, steps: 4n };
  expect(await verifyCompressed(key, root.bytes, expected)).toEqual(["statement: j"]);
}, 60_000);

test("is a few megabytes, nearly all of them generators", () => {
  expect(file.length).toBeLessThan(2.3 * 2 ** 20);
  expect(file.length).toBeGreaterThan(64 * 2 ** 15);
});

const refused = (bytes: Uint8Array, message: RegExp, digest?: string): void => {
  let error: unknown;
  try {
    decode(bytes, digest);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(FoldingError);
  expect((error as FoldingError).message).toMatch(message);
};

const altered = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = new Uint8Array(file);
  change(copy, new DataView(copy.buffer));
  return copy;
};

test("other bytes than the pinned ones are not read", () => {
  const pinned = verifierKeyDigest(file);
  for (const at of [0, 40, 5_000, file.length - 1]) {
    refused(
      altered((copy) => (copy[at]! ^= 1)),
      /its SHA-256 is [0-9a-f]{64}, expected/,
      pinned,
    );
  }
  refused(file.slice(1), /its SHA-256/, pinned);
});

// where the step circuit stands for the toy step
const HEADER = 8 + 64;
const stepAt = (): number => HEADER + 64 * (3 + 12) + 4 + 64 * system.generators.cfw.length;

test("malformed files are refused by name, whatever their digest", () => {
  refused(new Uint8Array(0), /only 0 bytes/);
  refused(
    altered((copy) => (copy[0] = 0)),
    /bad magic/,
  );
  refused(
    altered((copy) => (copy[7] = 9)),
    /encoding version 9/,
  );
  refused(
    altered((copy) => (copy[8]! ^= 1)),
    /another version of the protocol/,
  );
  refused(
    altered((copy) => (copy[40]! ^= 1)),
    /another version of the protocol/,
  ); // context
  refused(
    altered((copy) => (copy[HEADER]! ^= 1)),
    /h is not a point of G1/,
  );
  refused(file.slice(0, 20), /too early/);
  refused(file.slice(0, -1), /bytes of generators/);
}, 30_000);

test("other generators than the protocol's are refused: vk does not follow from them", () => {
  const { h, cfh } = system.generators;
  const other = (at: number, curve: Curve): Uint8Array =>
    altered((copy) => copy.set(pointsToBytes([curve.mul(5n, curve === G1 ? h : cfh)!]), at));
  refused(other(HEADER, G1), /small generators are not/); // h
  refused(other(HEADER + 64, Grumpkin), /small generators are not/); // cfh
  refused(other(stepAt() - 64, Grumpkin), /small generators are not/); // the last of cfw
  refused(other(file.length - 64 * 2 ** 15, G1), /its generators are not/); // w
}, 30_000);

/** Where each part begins; written from the format's description, not its code. */
function partsOf(): [name: string, at: number][] {
  const { A, B } = toyStep();
  const matrix = (M: typeof A): (readonly [string, number])[] => [
    ["entries", 4],
    ["coefficients", 4],
    ["row starts", 4 * (M.rows + 1)],
    ["columns", 4 * M.column.length],
    ["indices", 4 * M.column.length],
    ["table", 32 * M.table.length],
  ];
  const sizes: (readonly [string, number])[] = [
    ...([
      ["magic", 6],
      ["version", 2],
      ["vk", 32],
      ["context", 32],
    ] as const),
    ...([
      ["h", 64],
      ["cfh", 64],
      ["cfoff", 64],
      ["cfx", 768],
      ["cfw count", 4],
    ] as const),
    ["cfw", 64 * system.generators.cfw.length],
    ...([
      ["rows", 4],
      ["columns", 4],
      ["public", 4],
    ] as const),
    ...matrix(A),
    ...matrix(B),
  ];
  let at = 0;
  const parts = sizes.map(([name, size]): [string, number] => [name, (at += size) - size]);
  return [...parts, ["w", file.length - 64 * 2 ** 15], ["the last of w", file.length - 1]];
}

test("a change in any part is refused, whatever the file's digest", () => {
  for (const [name, at] of partsOf()) {
    const read = (): unknown => decode(altered((copy) => (copy[at]! ^= 1)));
    expect(read, name).toThrow(FoldingError);
  }
}, 60_000);

test("a file of no size is refused", () => {
  for (const length of [5, 6, 7]) refused(file.slice(0, length), /only \d bytes|bad magic/);
});

test("malformed circuits are refused by name", () => {
  const at = stepAt();
  const word = (n: number, value: number): Uint8Array =>
    altered((_, view) => view.setUint32(at + 4 * n, value, true));
  refused(word(0, 0xffff_ffff), /too early/); // rows
  refused(word(2, 4), /1 \+ 2a public columns/);
  for (const columns of [2 ** 22, 2 ** 30, 2 ** 32 - 1]) {
    refused(word(1, columns), /wires does not fit/);
  }
  refused(word(3, 0xffff_ffff), /too early/); // entries of A
  refused(word(5, 1), /do not follow each other/); // its first row
  refused(word(6, 0xffff), /do not follow each other/);
  const columns = 5 + toyStep().A.rows + 1;
  refused(word(columns, 0xffff), /columns must ascend|must ascend/);
  refused(word(columns + toyStep().A.column.length, 0xffff), /coefficient is missing/);
});
