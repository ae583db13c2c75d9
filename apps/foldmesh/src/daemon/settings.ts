// What a daemon is told: options of the command line, above a configuration file, above defaults.
import { dirname, resolve } from "node:path";
import { dataDirectory } from "../io/data-dir.ts";
import { cacheDirectory, userPath } from "../io/paths.ts";
import { readConfig } from "./config-file.ts";

export const ROLES = ["prover", "aggregator", "broker", "validator"] as const;
export type DaemonRole = (typeof ROLES)[number];

export const GPU_MODES = ["auto", "off"] as const;

export const RELAY_MODES = ["none", "use", "serve"] as const;

/** Keys of a configuration file: those of the command line's options, and a broker's. */
export interface Config {
  readonly role?: readonly DaemonRole[];
  readonly data?: string;
  readonly cache?: string;
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly bootstrap?: readonly string[];
  readonly threads?: number;
  /** whether the GPU is used where there is one, or the names of GPUs */
  readonly gpu?: (typeof GPU_MODES)[number] | readonly string[];
  /** leases held at the same time */
  readonly slots?: number;
  /** micro-units per million constraints */
  readonly ask?: bigint;
  /** least time between two checkpoints of a shard, ms */
  readonly checkpointMs?: number;
  /** files of powers of tau */
  readonly ptau?: readonly string[];
  readonly public?: boolean;
  readonly relay?: (typeof RELAY_MODES)[number];
  readonly mdns?: boolean;
  readonly broker?: BrokerSettings;
}

/** How a broker runs jobs; times in milliseconds. */
export interface BrokerSettings {
  readonly maxJobs?: number;
  readonly stepsPerLeaf?: number;
  readonly shardsPerSlot?: number;
  readonly maxLeavesPerShard?: number;
  readonly compress?: boolean;
  readonly rosterMs?: number;
  /** other brokers that follow its jobs, and how long it may stay away before one of them goes on */
  readonly standbys?: number;
  readonly absentMs?: number;
  readonly keepMs?: number;
  readonly commitMs?: number;
  readonly revealMs?: number;
  /** between two rounds of an auction: at first, and at most */
  readonly restMs?: number;
  readonly maxRestMs?: number;
  readonly leaseMs?: number;
}

/** A daemon's settings, complete; paths are absolute. */
export interface Settings extends Omit<Config, "role" | "data" | "cache" | "bootstrap"> {
  readonly role: readonly DaemonRole[];
  readonly data: string;
  readonly cache: string;
  readonly bootstrap: readonly string[];
}

const DEFAULT_ROLES: readonly DaemonRole[] = ["prover", "aggregator"];

/** @throws CLIError FILE, CONFIG */
export async function settingsOf(options: Config, file: string | undefined): Promise<Settings> {
  const read = file === undefined ? {} : withPathsBeside(file, await readConfig(file));
  const given = { ...read, ...options };
  return {
    ...given,
    role: [...new Set(given.role ?? DEFAULT_ROLES)],
    data: dataDirectory(given.data),
    cache: cacheDirectory(given.cache),
    ...(given.ptau !== undefined && { ptau: given.ptau.map(userPath) }),
    bootstrap: given.bootstrap ?? [],
  };
}

/** Paths in a file are relative to it. */
function withPathsBeside(file: string, config: Config): Config {
  const at = (path: string): string => resolve(dirname(userPath(file)), path);
  return {
    ...config,
    ...(config.data !== undefined && { data: at(config.data) }),
    ...(config.cache !== undefined && { cache: at(config.cache) }),
    ...(config.ptau !== undefined && { ptau: config.ptau.map(at) }),
  };
}
