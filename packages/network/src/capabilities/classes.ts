import type { Backend, CapabilityAdvert, Role } from "@foldmesh/protocol";
import { sha256 } from "@noble/hashes/sha2.js";
import type { CID } from "multiformats/cid";
import { fromString } from "uint8arrays/from-string";
import { cidOfDigest } from "../blobs/cid.ts";

/** What a peer must offer to be found. */
export interface Wanted {
  readonly role?: Role;
  readonly backend?: Backend["kind"];
  /** on one backend */
  readonly memoryBytes?: number;
  /** of one backend, as advertised: check it by a challenge before relying on it */
  readonly msmPointsPerSecond?: number;
}

const GIB = 2 ** 30;
/** Lower bounds in GiB: a peer is found under every tier it reaches, so "at least 16 GiB" is one lookup. */
export const MEMORY_TIERS: readonly number[] = [8, 16, 32, 64];
/** Lower bounds in points of an MSM per second: a laptop, a workstation, a GPU, a datacentre GPU. */
export const SPEED_TIERS: readonly number[] = [100_000, 1_000_000, 10_000_000];

/** The words under which a peer with this advert is found in the DHT: "prover", "gpu", "prover/memory:16", "prover/speed:100000", … */
export function classesOf(advert: Pick<CapabilityAdvert, "roles" | "backends">): readonly string[] {
  if (advert.roles.length === 0) return [];
  const kinds = new Set(advert.backends.map(({ kind }) => CLASS_OF_BACKEND[kind]));
  return [
    ...advert.roles,
    ...kinds,
    ...advert.roles.filter(worksHard).flatMap((role) => tiersOf(role, advert.backends)),
  ];
}

const CLASS_OF_BACKEND = { cpu: "cpu", webgpu: "gpu" } as const;

const worksHard = (role: Role): boolean => role === "prover" || role === "aggregator";

function tiersOf(role: Role, backends: readonly Backend[]): readonly string[] {
  const memory = Math.max(0, ...backends.map(({ memoryBytes }) => memoryBytes));
  const speed = Math.max(0, ...backends.map(({ benchmark }) => benchmark.msmPointsPerSecond));
  return [
    ...MEMORY_TIERS.filter((tier) => tier * GIB <= memory).map((tier) => memoryClass(role, tier)),
    ...SPEED_TIERS.filter((tier) => tier <= speed).map((tier) => speedClass(role, tier)),
  ];
}

const memoryClass = (role: Role, tier: number): string => `${role}/memory:${tier}`;
const speedClass = (role: Role, tier: number): string => `${role}/speed:${tier}`;

/** The class to look up for `wanted`: the most telling one; `offers` decides about the peers under it. */
export function classFor({ role, backend, memoryBytes, msmPointsPerSecond }: Wanted): string {
  if (role !== undefined && worksHard(role)) {
    const memory = MEMORY_TIERS.findLast((tier) => tier * GIB <= (memoryBytes ?? 0));
    const speed = SPEED_TIERS.findLast((tier) => tier <= (msmPointsPerSecond ?? 0));
    if (speed !== undefined) return speedClass(role, speed);
    if (memory !== undefined) return memoryClass(role, memory);
  }
  if (backend === "webgpu") return CLASS_OF_BACKEND.webgpu;
  return role ?? CLASS_OF_BACKEND[backend ?? "cpu"];
}

/** Whether an advert offers all that is wanted, on one backend. */
export function offers(advert: CapabilityAdvert, wanted: Wanted): boolean {
  const { role, backend, memoryBytes = 0, msmPointsPerSecond = 0 } = wanted;
  if (advert.roles.length === 0) return false;
  if (role !== undefined && !advert.roles.includes(role)) return false;
  if (backend === undefined && memoryBytes === 0 && msmPointsPerSecond === 0) return true;
  return advert.backends.some(
    (each) =>
      (backend === undefined || each.kind === backend) &&
      each.memoryBytes >= memoryBytes &&
      each.benchmark.msmPointsPerSecond >= msmPointsPerSecond,
  );
}

export const classCID = (word: string): CID =>
  cidOfDigest(sha256(fromString(`/foldmesh/cap/1/${word}`)));
