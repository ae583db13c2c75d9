// A daemon that is killed, stopped and started again: one name, one data directory, one port, many processes.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Line, ReceiptRecord } from "./records.ts";

export const ROOT: string = join(import.meta.dirname, "..", "..");
export const MAIN: string = join(ROOT, "apps", "foldmesh", "src", "main.ts");
/** Kept between runs: commitment keys are public constants, and take seconds to derive. */
export const CACHE: string = join(ROOT, ".cache", "foldmesh");
const SKEWED_CLOCK = join(import.meta.dirname, "skewed-clock.ts");
const LEAVE_MS = 10_000;
const READY_MS = 60_000;

export interface MemberInit {
  readonly name: string;
  readonly role: string;
  /** of the campaign; its data and its log lie below */
  readonly directory: string;
  /** where it listens */
  readonly port: number;
  /** of `foldmesh start` */
  readonly args: readonly string[];
  readonly onLine: (line: Line) => void;
}

export class Member {
  readonly name: string;
  readonly role: string;
  readonly port: number;
  readonly data: string;
  readonly pids: number[] = [];
  readonly #init: MemberInit;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(null);
  #peer = "";

  constructor(init: MemberInit) {
    this.#init = init;
    this.name = init.name;
    this.role = init.role;
    this.port = init.port;
    this.data = join(init.directory, init.name);
  }

  get peer(): string {
    return this.#peer;
  }

  /** The process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isUp(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const { args, directory, name, onLine } = this.#init;
    await this.skew(0);
    const child = spawn(process.execPath, [MAIN, "start", ...args, ...this.#own()], {
      cwd: directory,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        NODE_OPTIONS: `--import=${SKEWED_CLOCK}`,
        CLOCK_SKEW_FILE: this.#skewFile,
      },
    });
    this.#child = child;
    const life = this.pids.push(child.pid ?? 0) - 1;
    const log = createWriteStream(join(directory, `${name}.log`), { flags: "a" });
    child.stderr.pipe(log, { end: false });
    child.stdin.on("error", () => {});
    let said: (peer: string) => void;
    const ready = new Promise<string>((resolve) => (said = resolve));
    createInterface({ input: child.stdout }).on("line", (text) => {
      log.write(`${text}\n`);
      const fields = parse(text);
      if (fields === undefined) return;
      if (fields.event === "ready") said(String(fields["peer"]));
      onLine({ at: Date.now(), name, life, event: fields.event, fields });
    });
    this.#exited = new Promise((resolve) => {
      child.once("error", () => resolve(null));
      child.once("close", (code) => {
        log.end();
        if (this.#child === child) this.#child = undefined;
        resolve(code);
      });
    });
    const early = this.#exited.then((code) => {
      throw new Error(`${name} ended with exit code ${code} before it was ready`);
    });
    this.#peer = await within(Promise.race([ready, early]), READY_MS, `${name} did not get ready`);
  }

  #own(): readonly string[] {
    const { name } = this.#init;
    const log = ["--json", "--log", "debug", "--until-stdin-ends"];
    return [
      "--data",
      name,
      "--cache",
      CACHE,
      "--listen",
      `/ip4/127.0.0.1/tcp/${this.port}`,
      ...log,
    ];
  }

  get #skewFile(): string {
    return join(this.#init.directory, `${this.name}.skew`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#exited;
  }

  /** Its clock goes wrong by so much from now on. */
  async skew(ms: number): Promise<void> {
    await writeFile(this.#skewFile, String(ms));
    this.signal("SIGUSR2");
  }

  /** Asks it to end. @returns its exit code; null when it had to be killed */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), LEAVE_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  /** As they lie on its disk; a line that a kill cut short is left out, as the daemon does. */
  async receipts(): Promise<readonly ReceiptRecord[]> {
    const text = await readFile(join(this.data, "receipts.jsonl"), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => {
      if (!line.endsWith("}")) return [];
      const { job, task, epoch, amount } = JSON.parse(line) as Record<string, string>;
      return [{ job: job!, task: task!, epoch: Number(epoch), amount: BigInt(amount!) }];
    });
  }
}

function parse(text: string): ({ event: string } & Record<string, unknown>) | undefined {
  try {
    const line: unknown = JSON.parse(text);
    const isLine = typeof line === "object" && line !== null && "event" in line;
    return isLine ? (line as { event: string }) : undefined;
  } catch {
    return undefined; // cut short by a kill
  }
}

/** @throws Error with `complaint` when it takes longer */
export async function within<T>(work: Promise<T>, ms: number, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
