// How a fault is done to a process, and undone.
import { execFile } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Member } from "./member.ts";
import { createRandom } from "../random.ts";
import type { Fault } from "./schedule.ts";
import type { Wire } from "./wire.ts";

const run = promisify(execFile);
const SLOW_PERIOD_MS = 250;
const SLOW_SHARE = 0.8;

/** Does it for as long as it takes; a process that was killed for good comes back by `healing`. */
export async function strike(
  member: Member,
  fault: Fault,
  wire: Wire,
  healing: Promise<void>,
): Promise<void> {
  const { kind, forMs, skewMs, pick } = fault;
  const wait = (): Promise<void> => Promise.race([sleep(forMs), healing]);
  switch (kind) {
    case "kill":
      await member.kill();
      await healing;
      return member.start();
    case "kill-restart":
      await member.kill();
      await sleep(forMs);
      return member.start();
    case "kill-corrupt":
      await member.kill();
      await corrupt(member.data, pick);
      await sleep(forMs);
      return member.start();
    case "freeze":
      member.signal("SIGSTOP");
      await wait();
      return member.signal("SIGCONT");
    case "slow":
      return slowDown(member, wait());
    case "cut":
    case "delay":
    case "loss":
      wire.setWeather(member.name, kind);
      await wait();
      return wire.setWeather(member.name, "clear");
    case "skew":
      await member.skew(skewMs);
      await wait();
      return member.skew(0);
    case "disk-full":
      await limitFiles(member, "0");
      await wait();
      return limitFiles(member, "unlimited");
  }
}

async function slowDown(member: Member, until: Promise<void>): Promise<void> {
  let over = false;
  void until.then(() => (over = true));
  while (!over) {
    member.signal("SIGSTOP");
    await sleep(SLOW_PERIOD_MS * SLOW_SHARE);
    member.signal("SIGCONT");
    await sleep(SLOW_PERIOD_MS * (1 - SLOW_SHARE));
  }
}

/** The largest file that it may write: with 0 every write fails, as on a full disk. */
async function limitFiles({ pid }: Member, bytes: string): Promise<void> {
  if (pid === undefined) return;
  await run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]).catch(() => {}); // it is gone
}

/** What a daemon cannot do without, and what is money: a disk that loses these is another matter. */
const SPARED = /^(?:.*\.key|receipts\.jsonl|control\.sock)$/;
const FLIPPED = 16;

/** Changes bytes of up to three of its files, chosen by `pick`. */
export async function corrupt(directory: string, pick: number): Promise<readonly string[]> {
  const random = createRandom(pick);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !SPARED.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const chosen = new Set(
    Array.from({ length: files.length === 0 ? 0 : 3 }, () => random.one(files)),
  );
  for (const path of chosen) {
    const bytes = await readFile(path);
    if (bytes.length === 0) continue;
    for (let i = 0; i < FLIPPED; i++)
      bytes[random.whole(0, bytes.length - 1)]! ^= random.whole(1, 255);
    await writeFile(path, bytes);
  }
  return [...chosen];
}
