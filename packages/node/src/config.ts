import type { AuctionConfig } from "@foldmesh/market";
import type { JobConfig } from "@foldmesh/jobs";
import type { Limits, NetworkConfig } from "@foldmesh/network";
import type { Benchmark, Money, Role } from "@foldmesh/protocol";

/** "auto": the preferred GPU where there is one; or the names of several, as `foldmesh doctor` tells them. */
export type GpuMode = "auto" | "off" | readonly string[];

/** How a broker runs its jobs. Times in ms. */
export interface BrokerConfig {
  /** jobs at the same time; more are refused */
  readonly maxJobs: number;
  /** how far off a job's deadline may be: one that nobody bids for takes up its place until then */
  readonly maxTimeMs: number;
  /** steps in one leaf; default: chosen for each job by the planner */
  readonly stepsPerLeaf?: number;
  /** shards cut for every slot of a prover: more even out surprises, fewer save merges */
  readonly shardsPerSlot: number;
  /** leaves in one shard at most: more and smaller lots, whoever proves them; default: no limit */
  readonly maxLeavesPerShard?: number;
  /** whether the root is compressed by an aggregator: a short proof that hides the witness */
  readonly compress: boolean;
  /** how often peers are asked what they offer */
  readonly rosterMs: number;
  /** how long a peer that gave work back is left alone */
  readonly restMs: number;
  /** how long a finished job's proof and updates are kept */
  readonly keepMs: number;
  /** how many other brokers are asked to follow a job, and to go on with it when this one stays away; at most 16 */
  readonly standbys: number;
  /** who leads a job and is not heard of for this long has left it: the next one goes on */
  readonly absentMs: number;
  readonly job: Partial<JobConfig>;
  readonly auction: Partial<AuctionConfig>;
}

/** How a prover or aggregator works. Times in ms. */
export interface WorkerConfig {
  /** leases at the same time, as long as memory and disk carry them */
  readonly maxConcurrent: number;
  /** memory that proving may take, bytes; default: four fifths of the machine's */
  readonly memoryBytes?: number;
  /** micro-units per million constraints */
  readonly ask: Money;
  /** added to every promise: opening a program takes a moment */
  readonly overheadMs: number;
  /** least time between two checkpoints of a shard */
  readonly checkpointMs: number;
  /** how long a delivered node is kept for whoever needs it again */
  readonly keepMs: number;
  /** what this machine does; default: measured at the first start and kept in the data directory */
  readonly benchmark?: Benchmark;
}

export interface NodeConfig {
  /** For the node's key and its measurements; made when it is not there. */
  readonly dataDir: string;
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly bootstrap?: readonly string[];
  readonly roles: readonly Role[];
  /** Worker threads of one program. Default: all cores. */
  readonly threads?: number;
  /** Whether threads use the preferred GPU, or those of these names. Default off. */
  readonly gpu?: GpuMode;
  /** Where commitment keys are cached. */
  readonly cacheDir: string;
  /** Files of powers of tau, for jobs of programs that are bound to them. */
  readonly ptau?: readonly string[];
  /** `local`: loopback and private addresses are good ones. Default `local`. */
  readonly reach?: "local" | "public";
  readonly broker?: Partial<BrokerConfig>;
  readonly worker?: Partial<WorkerConfig>;
  /** Where jobs, leases, receipts and blobs are kept. Default `disk`: in the data directory. */
  readonly store?: "disk" | "memory";
  /** The most that blobs may take, bytes. Default 10 GiB. */
  readonly maxBlobBytes?: number;
  readonly network?: Partial<Pick<NetworkConfig, "relay" | "mdns" | "announce" | "intervals">> & {
    readonly limits?: Partial<Limits>;
  };
}

export const MAX_BLOB_BYTES: number = 10 * 2 ** 30;

export const BROKER_DEFAULTS: BrokerConfig = {
  maxJobs: 16,
  maxTimeMs: 86_400_000,
  shardsPerSlot: 1,
  compress: true,
  rosterMs: 5_000,
  restMs: 5_000,
  keepMs: 3_600_000,
  standbys: 2,
  absentMs: 5_000,
  job: {},
  auction: {},
};

export const WORKER_DEFAULTS: WorkerConfig = {
  maxConcurrent: 1,
  ask: 1_000n,
  overheadMs: 2_000,
  checkpointMs: 2_000,
  keepMs: 600_000,
};
