import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Grumpkin, type Point, elementsToBytes, generators } from "@foldmesh/algebra";
import {
  type MergeInput,
  type MergeTables,
  type Quad,
  type RunningInstance,
  type Statement,
  type Triple,
  mergeTables,
} from "../src/index.ts";

const isElement = (x: unknown): x is string => typeof x === "string" && /^0x[0-9a-f]{64}$/.test(x);

/** A frozen vector of the reference, its field elements as integers. */
export const readVectors = (name: string): any => {
  const text = readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), "utf8");
  return JSON.parse(text, (_, x) => (isElement(x) ? BigInt(x) : x));
};

/** SHA-256 of the 32-byte little-endian encodings, as the vectors pin long lists. */
export const sha256Of = (elements: readonly bigint[]): string =>
  createHash("sha256").update(elementsToBytes(elements)).digest("hex");

export const testTables = (): MergeTables =>
  mergeTables(generators(Grumpkin, "cfx", 12), generators(Grumpkin, "cfoff", 1)[0]!);

/** What the vectors' merges share. */
export interface MergeVector {
  readonly vk: bigint;
  readonly input: MergeInput;
  /** m1, m2, m3 of the resulting witness. */
  readonly mask: bigint[];
  readonly vector: any;
}

const hints = (vector: any): Omit<MergeInput, "children"> => {
  const { T01, T02, T12 } = vector.cycleFold.CT;
  const { sigmaL, sigmaR, thetaL, thetaR } = vector.evals;
  return {
    rounds: vector.rounds.map((m: any): Triple<bigint> => [m.c0, m.c2, m.c3]),
    evals: [sigmaL, sigmaR, thetaL, thetaR],
    Q: vector.cycleFold.Q,
    CW: vector.cycleFold.CW,
    CT: [T01, T02, T12],
  };
};

/** merge-leaf-leaf.json: leaf 0 (masked) with leaf 1. */
export function leafLeafMerge(): MergeVector {
  const vector = readVectors("merge-leaf-leaf.json");
  const { masked, unmasked } = readVectors("leaf.json");
  const children = [masked, unmasked].map((leaf) => ({
    k: 0n,
    D: leaf.statement,
    C: leaf.instance.C,
  }));
  const input = { children: [children[0]!, children[1]!] as const, ...hints(vector) };
  return { vk: readVectors("structure.json").vk, input, mask: vector.draws.m, vector };
}

/** merge-merge-leaf.json: the node of merge-leaf-leaf.json with leaf 2, which is unmasked. */
export function mergeLeafMerge(): MergeVector {
  const vector = readVectors("merge-merge-leaf.json");
  const { result } = readVectors("merge-leaf-leaf.json");
  const { vk, bottomU, bottomPhi } = readVectors("structure.json");
  const leafX: bigint[] = vector.slots[3].X;
  const D: Statement = {
    i: 2n,
    j: 3n,
    zOut: leafX.slice(1, 3),
    zIn: leafX.slice(3, 5),
    pid: 13n,
    U: bottomU as RunningInstance,
    Phi: bottomPhi,
  };
  const merge = { k: 1n, D: result.statement as Statement, C: result.instance.C as Point };
  const leaf = { k: 0n, D, C: vector.slots[3].C as Point };
  return { vk, input: { children: [merge, leaf], ...hints(vector) }, mask: vector.draws.m, vector };
}

/** The commitments of the four slots, in order. */
export const slotPoints = (vector: any): Quad<Point> => vector.slots.map((slot: any) => slot.C);
