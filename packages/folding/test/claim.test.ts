// What a proof says of itself, read without its system.

import { plainPoseidon } from "@foldmesh/algebra";
import { provenance } from "@foldmesh/circuits";
import { beforeAll, expect, test } from "vitest";
import { FoldingError, encodeNode, readClaim } from "../src/index.ts";
import { type CompressedRoot, compressedRoot } from "./compress-support.ts";
import { type Scenario, scenario } from "./scenario.ts";

let root: CompressedRoot;
let shared: Scenario;
beforeAll(async () => {
  [root, shared] = [await compressedRoot(), await scenario()];
}, 120_000);

const permute = plainPoseidon();

test("is the statement, of a compressed proof as of the node that it is made of", () => {
  const { system } = shared.setup;
  const { k, D } = root.proof;
  const claim = {
    vk: system.vk,
    i: D.i,
    j: D.j,
    zIn: D.zIn,
    zOut: D.zOut,
    provenance: provenance(permute, k, D),
  };
  expect(readClaim(permute, system.a, root.bytes)).toEqual(claim);
  const { node } = shared.m01;
  const { j, zOut } = readClaim(permute, system.a, encodeNode(system, node));
  expect({ j, zOut }).toEqual({ j: node.D.j, zOut: node.D.zOut });
});

test("is refused where there can be none", () => {
  const { a } = shared.setup.system;
  const refused = (change: (bytes: Uint8Array) => Uint8Array, message: RegExp): void => {
    const read = (): unknown => readClaim(permute, a, change(root.bytes.slice()));
    expect(read).toThrow(FoldingError);
    expect(read).toThrow(message);
  };
  const set =
    (at: number, ...values: number[]) =>
    (bytes: Uint8Array): Uint8Array => {
      bytes.set(values, at);
      return bytes;
    };
  refused((bytes) => bytes.slice(0, 100), /too early/);
  refused(() => new Uint8Array(), /too early|not below/);
  refused(set(8 + 31, 255), /vk is not below the modulus/);
  refused(set(40, 2), /kind is malformed/);
  refused(set(41, 255, 255, 255, 255), /range is malformed/);
  refused(set(49 + 31, 255), /z is not below the modulus/);
});
