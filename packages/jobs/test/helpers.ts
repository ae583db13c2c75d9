import type { CIDText, PeerId } from "@foldmesh/protocol";
import { idOfPayload, peerFromPublicKey } from "@foldmesh/protocol";
import { JOB_DEFAULTS, type JobInit } from "../src/index.ts";

/** A peer id for a short name; its key belongs to nobody. */
export function peerOf(name: string): PeerId {
  const raw = new Uint8Array(32);
  raw.set(new TextEncoder().encode(name));
  return peerFromPublicKey(raw);
}

export const cidOf = (name: string): CIDText => idOfPayload(new TextEncoder().encode(name));

export function initOf(
  shards: readonly (readonly [number, number])[],
  change: Partial<JobInit> = {},
): JobInit {
  return {
    job: cidOf("job"),
    broker: peerOf("broker"),
    shards: shards.map(([start, end]) => ({ start, end })),
    compress: false,
    constraints: { leaf: 100, merge: 50, compress: 80 },
    maxPrice: 100_000n,
    deadline: 100_000,
    config: { ...JOB_DEFAULTS, aheadMs: 0 },
    ...change,
  };
}

/** Small deterministic random numbers (mulberry32) for the simulation; its seed is printed on failure. */
export function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
