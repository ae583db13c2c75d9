// The command line in processes of its own, as a user has it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = join(ROOT, "apps", "foldmesh", "src", "main.ts");
const HOSTILE = join(ROOT, "packages", "node", "test", "hostile", "main.ts");
/** Kept between runs: commitment keys are public constants, and take seconds to derive. */
export const CACHE = join(ROOT, ".cache", "foldmesh");
const UNSAFE_PTAU = join(ROOT, "packages", "algebra", "scripts", "unsafe-ptau.ts");
export const MINROOT = join(ROOT, "packages", "programs", "build", "minroot");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What it has said so far, on both streams. */
  readonly output: () => string;
  /** Resolves once it has said something, on either stream. */
  readonly said: (pattern: RegExp) => Promise<void>;
}

/** A place for one test's files and processes; whatever still runs at its end is stopped by its pid. */
export interface Place extends AsyncDisposable {
  readonly path: string;
  readonly start: (...args: readonly string[]) => Running;
  readonly run: (...args: readonly string[]) => Promise<Finished>;
  /** A member that cheats. @param config of the node, as JSON can hold it */
  readonly startHostile: (cheat: string, config: object) => Running;
}

export async function makePlace(): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), "foldmesh-e2e-"));
  const running = new Set<Running>();
  const startScript = (script: string, args: readonly string[]): Running => {
    const started = startProcess([script, ...args], path);
    running.add(started);
    void started.finished.finally(() => running.delete(started));
    return started;
  };
  const start = (...args: readonly string[]): Running => startScript(MAIN, args);
  return {
    path,
    start,
    run: (...args) => start(...args).finished,
    startHostile: (cheat, config) => startScript(HOSTILE, [cheat, JSON.stringify(config)]),
    async [Symbol.asyncDispose]() {
      const left = [...running];
      for (const { child } of left) child.kill("SIGKILL");
      await Promise.all(left.map(({ finished }) => finished));
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Powers of tau as no program may use them outside of tests. */
export const makeUnsafePtau = (path: string, power: number): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [UNSAFE_PTAU, path, String(power)], (error) =>
      error === null ? resolve() : reject(error),
    );
  });

function startProcess(args: readonly string[], cwd: string): Running {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, FOLDMESH_CACHE: CACHE, FOLDMESH_DATA: join(cwd, "data") };
  const child = spawn(process.execPath, args, { cwd, env, stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((look) => look());
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
    wake();
  });
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
    wake();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const output = (): string => stdout + stderr;
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(output())) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void finished.then(() => reject(new Error(`ended without saying ${pattern}: ${output()}`)));
    });
  return { child, finished, output, said };
}
