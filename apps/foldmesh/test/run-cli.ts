import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../src/io/paths.ts";

export const MAIN: string = join(repositoryRoot, "apps", "foldmesh", "src", "main.ts");
/** Kept between runs: commitment keys are public constants, and take seconds to derive. */
const CACHE = join(repositoryRoot, ".cache", "foldmesh");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once stderr has matched. */
  readonly said: (pattern: RegExp) => Promise<void>;
}

/** The command line in a process of its own, away from the terminal and the variables of this one. */
export function startCLI(args: readonly string[], cwd: string, cache: string = CACHE): Running {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, FOLDMESH_CACHE: cache };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
    for (const wake of waiting) wake();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(stderr)) resolve();
      };
      waiting.add(look);
      look();
      void finished.then(() => reject(new Error(`ended without saying ${pattern}: ${stderr}`)));
    });
  return { child, finished, said };
}

export const runCLI = (args: readonly string[], cwd: string, cache?: string): Promise<Finished> =>
  startCLI(args, cwd, cache).finished;

export interface Workplace extends AsyncDisposable {
  readonly path: string;
}

export async function makeWorkplace(): Promise<Workplace> {
  const path = await mkdtemp(join(tmpdir(), "foldmesh-cli-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
