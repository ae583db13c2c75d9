import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Benchmark } from "@foldmesh/protocol";
import { NodeError, messageOf } from "../errors.ts";
import { type Meter, measureMSM } from "./meter.ts";

const FILE = "benchmark.json";
const VERSION = 1;

/** Points that a merge of the smallest structure (2^15 rows) takes as long as: measured side by side. */
const POINTS_PER_MERGE = 90_000;

export interface MeasureInit {
  readonly meter: Meter;
  readonly dataDir: string;
  /** threads that prove at the same time */
  readonly threads: number;
}

/**
 * What this machine does, from its data directory; measured there at the first start (about a second).
 * `msmPointsPerSecond` is of one thread, since that is what a challenge can check; `mergesPerMinute` of the whole
 * machine, estimated from it until work itself tells better.
 * @throws NodeError DATA_DIR
 */
export async function loadBenchmark(init: MeasureInit): Promise<Benchmark> {
  const path = join(init.dataDir, FILE);
  const known = await read(path, init.threads);
  if (known !== undefined) return known;
  const msmPointsPerSecond = await measureMSM(init.meter);
  const perThread = (60 * msmPointsPerSecond) / POINTS_PER_MERGE;
  const mergesPerMinute = Math.max(1, Math.round(perThread * init.threads));
  const measured = { msmPointsPerSecond, mergesPerMinute };
  await write(path, JSON.stringify({ version: VERSION, threads: init.threads, ...measured }));
  return measured;
}

/** A file of another version or machine, or no such file, is measured again. */
async function read(path: string, threads: number): Promise<Benchmark | undefined> {
  try {
    const json = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    const { msmPointsPerSecond: points, mergesPerMinute: merges } = json;
    const fits = json["version"] === VERSION && json["threads"] === threads;
    if (!fits || !isSpeed(points) || !isSpeed(merges)) return undefined;
    return { msmPointsPerSecond: points, mergesPerMinute: merges };
  } catch {
    return undefined;
  }
}

const isSpeed = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) > 0;

async function write(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(fresh, text, { flag: "wx" });
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true });
    throw new NodeError("DATA_DIR", `${path} cannot be written (${messageOf(cause)})`, { cause });
  }
}
