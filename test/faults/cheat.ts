// A hostile member in a process of its own, mixed in among the honest ones.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CACHE, ROOT, within } from "./member.ts";
import type { CheatKind } from "./schedule.ts";

export interface Cheat extends AsyncDisposable {
  readonly kind: CheatKind;
  readonly peer: string;
  readonly pid: number;
}

const HOSTILE = join(ROOT, "packages", "node", "test", "hostile", "main.ts");
const READY_MS = 60_000;

/** A prover that asks nearly nothing, so that it is given work. */
export async function startCheat(
  kind: CheatKind,
  directory: string,
  broker: string,
): Promise<Cheat> {
  const config = {
    roles: ["prover"],
    dataDir: join(directory, "cheat"),
    cacheDir: CACHE,
    listen: ["/ip4/127.0.0.1/tcp/0"],
    bootstrap: [broker],
    threads: 1,
    worker: { ask: "1", benchmark: { msmPointsPerSecond: 20_000, mergesPerMinute: 60 } },
  };
  const child = spawn(process.execPath, [HOSTILE, kind, JSON.stringify(config)], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
  });
  const onExit = (): void => void child.kill("SIGKILL");
  process.once("exit", onExit);
  child.stderr.pipe(createWriteStream(join(directory, "cheat.log")));
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, peer] = /^listening .*\/p2p\/(\S+)$/.exec(line) ?? [];
      if (peer !== undefined) resolve(peer);
    });
  });
  const early = ended.then((): never => {
    throw new Error(`the ${kind} ended before it was ready`);
  });
  early.catch(() => {}); // it ends in the end
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    process.off("exit", onExit);
  };
  try {
    const peer = await within(Promise.race([ready, early]), READY_MS, `the ${kind} was not ready`);
    return { kind, peer, pid: child.pid!, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
