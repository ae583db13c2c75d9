// A dApp as a user has it: `foldmesh prove --dial` in a process of its own, asked again with the same name when it is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CACHE, MAIN } from "./member.ts";
import type { DAppReport, Line } from "./records.ts";

export interface DAppInit {
  readonly directory: string;
  /** of the request */
  readonly name: string;
  /** of the program, and its INPUT.json */
  readonly program: string;
  readonly input: string;
  /** of brokers, to be tried in this order */
  readonly brokers: readonly string[];
  /** ms for the job */
  readonly time: number;
  /** what it says, as events "dapp-said" */
  readonly onLine: (line: Line) => void;
}

export interface DAppEnd {
  readonly code: number | null;
  readonly report: DAppReport | undefined;
  readonly said: string;
}

export class DApp {
  readonly pids: number[] = [];
  readonly #init: DAppInit;
  #child: ChildProcess | undefined;
  #ended: Promise<DAppEnd>;

  constructor(init: DAppInit) {
    this.#init = init;
    this.#ended = this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills it; after that long it asks again. */
  killFor(ms: number): void {
    const [child, dying] = [this.#child, this.#ended];
    child?.kill("SIGKILL");
    this.#ended = dying.then(async (end) => {
      if (end.code !== null) return end; // it was done before it could be killed
      await new Promise((resolve) => setTimeout(resolve, ms));
      return this.#start();
    });
  }

  /** How its last process ended. */
  async end(): Promise<DAppEnd> {
    for (;;) {
      const waited = this.#ended;
      const end = await waited;
      if (waited === this.#ended) return end;
    }
  }

  #start(): Promise<DAppEnd> {
    const { directory, name, program, input, brokers, time, onLine } = this.#init;
    const [first, ...others] = brokers;
    const network = ["--dial", first!, ...others.flatMap((each) => ["--bootstrap", each])];
    const job = ["--program", program, "--input", input, "--out", `${name}.proof`];
    const how = [...network, "--deadline", `${Math.round(time / 1000)}s`, "--json"];
    const own = ["--data", "dapp", "--cache", CACHE, "--request", name];
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [MAIN, "prove", ...job, ...how, ...own], {
      cwd: directory,
      env: { PATH, HOME },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const life = this.pids.push(child.pid ?? 0) - 1;
    createInterface({ input: child.stderr }).on("line", (said) =>
      onLine({ at: Date.now(), name: "dapp", life, event: "dapp-said", fields: { name, said } }),
    );
    const log = createWriteStream(join(directory, `${name}.log`), { flags: "a" });
    child.stderr.pipe(log, { end: false });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (stderr = (stderr + String(chunk)).slice(-2000)));
    return new Promise((resolve) => {
      child.once("error", () => resolve({ code: null, report: undefined, said: stderr }));
      child.once("close", (code) => {
        log.end(stdout);
        if (this.#child === child) this.#child = undefined;
        resolve({ code, report: parseReport(stdout), said: stderr });
      });
    });
  }
}

function parseReport(stdout: string): DAppReport | undefined {
  try {
    return JSON.parse(stdout) as DAppReport;
  } catch {
    return undefined;
  }
}
