import { z } from "zod";
import { type Config, GPU_MODES, RELAY_MODES, ROLES } from "./settings.ts";

const addresses = z.array(z.string().min(1)).max(64);
const whole = (max: number): z.ZodNumber => z.int().min(1).max(max);
const ms = whole(3_600_000);
/** An integer, or its decimal digits where it is larger than JSON's numbers hold. */
const money = z
  .union([z.int().min(0), z.string().regex(/^\d{1,18}$/, "must be a whole number")])
  .transform(BigInt);

const broker = z.strictObject({
  maxJobs: whole(1000).exactOptional(),
  stepsPerLeaf: whole(2 ** 32 - 1).exactOptional(),
  shardsPerSlot: whole(1000).exactOptional(),
  maxLeavesPerShard: whole(2 ** 32 - 1).exactOptional(),
  compress: z.boolean().exactOptional(),
  rosterMs: ms.exactOptional(),
  standbys: z.int().min(0).max(16).exactOptional(),
  absentMs: ms.exactOptional(),
  keepMs: z.int().min(1000).max(2_000_000_000).exactOptional(),
  commitMs: ms.exactOptional(),
  revealMs: ms.exactOptional(),
  restMs: ms.exactOptional(),
  maxRestMs: ms.exactOptional(),
  leaseMs: ms.exactOptional(),
});

/** A configuration file; unknown keys are refused, because they are usually misspelt ones. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  role: z.array(z.enum(ROLES)).min(1).exactOptional(),
  data: z.string().min(1).exactOptional(),
  cache: z.string().min(1).exactOptional(),
  listen: addresses.exactOptional(),
  announce: addresses.exactOptional(),
  bootstrap: addresses.exactOptional(),
  threads: whole(1024).exactOptional(),
  gpu: z.union([z.enum(GPU_MODES), z.array(z.string().min(1)).min(1).max(16)]).exactOptional(),
  slots: whole(1024).exactOptional(),
  ask: money.exactOptional(),
  checkpointMs: ms.exactOptional(),
  ptau: z.array(z.string().min(1)).max(16).exactOptional(),
  public: z.boolean().exactOptional(),
  relay: z.enum(RELAY_MODES).exactOptional(),
  mdns: z.boolean().exactOptional(),
  broker: broker.exactOptional(),
});
