import type { Codec } from "../schema.ts";
import { integer, list, sorted, struct, text, word } from "../schema.ts";
import type { Money, Time } from "../scalars.ts";
import { count, money, time } from "../scalars.ts";

export type Role = "prover" | "aggregator" | "broker" | "validator" | "light";
/** How far a request's data may travel: any peer, only named or local ones, or nowhere at all. */
export type PrivacyLevel = "public" | "private" | "max-private";

/** What one backend did in the timed benchmark; integers, so that peers can compare them exactly. */
export interface Benchmark {
  readonly msmPointsPerSecond: number;
  readonly mergesPerMinute: number;
}

export interface Backend {
  readonly kind: "cpu" | "webgpu";
  readonly device: string;
  readonly memoryBytes: number;
  readonly benchmark: Benchmark;
}

/** What a peer can do and asks for it. A higher `sequence` replaces all lower ones; no roles means withdrawn. */
export interface CapabilityAdvert {
  readonly sequence: number;
  readonly expires: Time;
  readonly roles: readonly Role[];
  readonly backends: readonly Backend[];
  readonly maxConcurrent: number;
  /** standing price per million constraints */
  readonly ask: Money;
  readonly privacy: readonly PrivacyLevel[];
  readonly versions: { readonly protocol: readonly number[]; readonly software: string };
  /** multiaddrs, best first */
  readonly addresses: readonly string[];
}

export const privacyLevel: Codec<PrivacyLevel> = word("public", "private", "max-private");
const role: Codec<Role> = word("prover", "aggregator", "broker", "validator", "light");

const backend: Codec<Backend> = struct<Backend>({
  kind: word("cpu", "webgpu"),
  device: text(128),
  memoryBytes: count,
  benchmark: struct<Benchmark>({ msmPointsPerSecond: count, mergesPerMinute: count }),
});

const versions: Codec<CapabilityAdvert["versions"]> = struct<CapabilityAdvert["versions"]>({
  protocol: sorted(integer(1, 65_535), 1, 8, Number),
  software: text(64),
});

export const capabilityAdvert: Codec<CapabilityAdvert> = struct<CapabilityAdvert>({
  sequence: count,
  expires: time,
  roles: sorted(role, 0, 5, String),
  backends: list(backend, 0, 16),
  maxConcurrent: integer(0, 65_536),
  ask: money,
  privacy: sorted(privacyLevel, 0, 3, String),
  versions,
  addresses: list(text(256), 0, 8),
});
