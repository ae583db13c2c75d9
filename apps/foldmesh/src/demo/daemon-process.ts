// A daemon in a process of its own, held by this one: it ends when this one ends, in whatever way.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CLIError, EXIT } from "../errors.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");
/** How long a daemon may take to leave before it is killed. */
const LEAVE_MS = 8_000;
const LAST_WORDS = 5;

/** An object of a daemon's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface DaemonProcess {
  readonly name: string;
  /** once it is ready */
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly pid: number;
  /** @returns a function that ends it */
  readonly onLine: (listener: (line: LogLine) => void) => () => void;
  /** Rejects when the process ends before `stop`. */
  readonly died: Promise<never>;
  /** At once and without a word, as a machine that loses power; on purpose, so `died` says nothing. */
  readonly kill: () => void;
  readonly wasKilled: () => boolean;
  /** @returns its exit code, null when it had to be killed */
  readonly stop: () => Promise<number | null>;
}

export interface DaemonRequest {
  readonly name: string;
  /** of `foldmesh start`, without --json */
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly onSpawn?: (pid: number) => void;
}

/** Starts it and waits until it is ready. @throws CLIError DAEMON with its last words */
export async function startDaemon(request: DaemonRequest): Promise<DaemonProcess> {
  const { name, args, signal, onSpawn } = request;
  const child = spawn(process.execPath, [MAIN, "start", "--json", "--until-stdin-ends", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: childEnvironment(),
  });
  const listeners = new Set<(line: LogLine) => void>();
  const words: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => words.push(line));
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parseLine(text);
    if (line !== null) listeners.forEach((listener) => listener(line));
  });
  child.stdin.on("error", () => {}); // it has ended; `exited` tells
  child.once("spawn", () => onSpawn?.(child.pid!));
  let stopping = false;
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
  const died = exited.then((code): Promise<never> => {
    if (stopping || signal.aborted) return new Promise(() => {});
    const said = words.slice(-LAST_WORDS).join("; ");
    throw new CLIError(
      "DAEMON",
      `the process of ${name} ended early with exit code ${code}: ${said === "" ? "it said nothing" : said}`,
      { exitCode: EXIT.fault },
    );
  });
  died.catch(() => {}); // whoever waits for something races with it
  const onLine = (listener: (line: LogLine) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  let killed = false;
  const kill = (): void => {
    stopping = true;
    killed = true;
    child.kill("SIGKILL");
  };
  const wasKilled = (): boolean => killed;
  const stop = async (): Promise<number | null> => {
    stopping = true;
    return leave(child, exited);
  };
  try {
    const ready = await Promise.race([waitForReady(onLine), died, abortOf(signal)]);
    return { name, ...ready, pid: child.pid!, onLine, died, kill, wasKilled, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The user's, without what is meant for this process alone. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { DEBUG: _, ...env } = process.env;
  return env;
}

function parseLine(text: string): LogLine | null {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null && "event" in line ? (line as LogLine) : null;
  } catch {
    return null;
  }
}

function waitForReady(
  onLine: DaemonProcess["onLine"],
): Promise<Pick<DaemonProcess, "peer" | "addresses">> {
  return new Promise((resolve) => {
    const end = onLine((line) => {
      if (line.event !== "ready") return;
      end();
      resolve({ peer: line["peer"] as string, addresses: line["addresses"] as string[] });
    });
  });
}

/** Rejects when it aborts. */
export function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

async function leave(child: ChildProcess, exited: Promise<number | null>): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), LEAVE_MS);
  try {
    return await exited;
  } finally {
    clearTimeout(timer);
  }
}
