import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Command, render } from "../../../test/scenarios/script.ts";
import {
  createJob,
  type JobEffect,
  type JobEvent,
  type JobState,
  type JobStep,
  jobWake,
  type LogEntry,
  replay,
  step,
  type Task,
} from "../src/index.ts";
import { cidOf, initOf, peerOf } from "./helpers.ts";

const FOLDER = new URL("../../../test/scenarios/jobs/", import.meta.url);

/** Runs one script's commands against one job. Peers and nodes go by short names; epochs default to the task's own. */
class Stage {
  readonly #names = new Map<string, string>();
  readonly #log: LogEntry[] = [];
  #state: JobState | undefined;
  #now = 0;

  run(command: Command): readonly string[] {
    this.#now = Number(command.options.get("at") ?? this.#now);
    const before = this.#state?.tasks ?? [];
    const { state, effects } = command.name === "job" ? this.#create(command) : this.#step(command);
    this.#state = state;
    return [
      ...effects.map((effect) => this.#say(effect)),
      ...this.#changes(before),
      ...this.#wake(),
    ];
  }

  /** The log of the whole script gives the same state again. */
  checkReplay(): void {
    const state = this.#state as JobState;
    expect(replay(state.init, 0, this.#log)).toEqual(state);
  }

  /** job shards=0-4,4-8 [compress] [executing] [attempts=n] [ahead=ms] */
  #create({ options, words }: Command): JobStep {
    const shards = (options.get("shards") ?? "").split(",").map((each) => {
      const [start = 0, end = 0] = each.split("-").map(Number);
      return [start, end] as const;
    });
    const init = initOf(shards, { compress: words.includes("compress") });
    const maxAttempts = Number(options.get("attempts") ?? init.config.maxAttempts);
    const aheadMs = Number(options.get("ahead") ?? init.config.aheadMs);
    const config = { ...init.config, maxAttempts, aheadMs };
    this.#name("broker");
    return createJob({ ...init, config, executing: words.includes("executing") }, this.#now);
  }

  #step(command: Command): JobStep {
    const event = this.#event(command);
    this.#log.push({ at: this.#now, event });
    return step(this.#state as JobState, event, this.#now);
  }

  #event({ name, words, options }: Command): JobEvent {
    const [task = "", verdict = ""] = words;
    const now = this.#state?.tasks.find(({ id }) => id === task);
    const candidate = now?.state.kind === "Delivered" ? now.state.candidate : undefined;
    const isOfCandidate = name === "judged" || name === "fetched";
    const own = (isOfCandidate ? candidate?.epoch : now?.epoch) ?? 0;
    const epoch = Number(options.get("epoch") ?? own);
    const peer = this.#name(options.get("peer") ?? "?");
    const node = options.has("node")
      ? this.#node(options.get("node") ?? "")
      : (candidate?.node ?? "");
    const holder = { task, epoch, peer };
    const done = Number(options.get("done"));
    switch (name) {
      case "awarded":
        return {
          kind: name,
          ...holder,
          price: BigInt(options.get("price") ?? 0),
          duration: Number(options.get("duration") ?? 4000),
        };
      case "executed":
        return { kind: name, done };
      case "unsold":
        return { kind: name, task, epoch };
      case "refused":
        return { kind: name, ...holder, reason: "overloaded" };
      case "progress":
        return { kind: name, ...holder, done };
      case "checkpointed":
        return { kind: name, ...holder, done, node, bytes: 10, holders: [peer] };
      case "disputed":
        return { kind: name, ...holder, node };
      case "checkpointJudged":
        return { kind: name, task, node, valid: verdict === "valid" };
      case "checkpointLost":
        return { kind: name, task, node };
      case "delivered":
        return { kind: name, ...holder, node, bytes: 10 };
      case "fetched":
        return { kind: name, task, epoch, node };
      case "settling":
        return { kind: name, payer: this.#name(options.get("payer") ?? "?") };
      case "judged": {
        const culprit = options.get("culprit");
        return {
          kind: name,
          task,
          epoch,
          node,
          valid: verdict === "valid",
          ...(culprit && { culprit }),
        };
      }
      case "disconnected":
      case "reconnected":
        return { kind: name, peer };
      case "takenOver":
        return { kind: name, term: Number(options.get("term")) };
      case "cancelled":
      case "tick":
        return { kind: name };
      default:
        throw new Error(`no command ${name}`);
    }
  }

  #name(name: string): string {
    this.#names.set(peerOf(name), name);
    return peerOf(name);
  }

  #node(name: string): string {
    this.#names.set(cidOf(name), name);
    return cidOf(name);
  }

  /** Short names for peers and nodes, [a, b) for ranges. */
  #short(value: unknown): string {
    if (Array.isArray(value)) return `(${value.map((each) => this.#short(each)).join(" ")})`;
    if (typeof value === "object" && value !== null) {
      const { start, end, ...rest } = value as Record<string, unknown>;
      if (start !== undefined) return `[${Number(start)}, ${Number(end)})`;
      return `{${Object.entries(rest)
        .map(([key, each]) => `${key} ${this.#short(each)}`)
        .join(", ")}}`;
    }
    return this.#names.get(String(value)) ?? String(value);
  }

  #say(effect: JobEffect): string {
    if (effect.kind === "announceAuction") {
      const lots = effect.lots.map(
        ({ task, epoch, range, reserve, maxReserve }) =>
          `${task}@${epoch} ${this.#short(range)} for ${reserve} to ${maxReserve}`,
      );
      const without = effect.exclude.length === 0 ? "" : ` without ${this.#short(effect.exclude)}`;
      return `> auction ${lots.join("; ")}${without}`;
    }
    const { kind, ...rest } = effect;
    const fields = Object.entries(rest).filter(([key]) => key !== "bytes" && key !== "holders");
    return `> ${kind} ${fields.map(([key, value]) => `${key === "task" ? "" : `${key} `}${this.#short(value)}`).join(", ")}`;
  }

  #changes(before: readonly Task[]): readonly string[] {
    const { tasks } = this.#state as JobState;
    return tasks.flatMap((task, i) => {
      const [was, is] = [before[i], task].map((each) => each && this.#standing(each));
      if (was === is) return [];
      return [`${task.id}: ${was === undefined ? "" : `${was} → `}${is}`];
    });
  }

  #standing({ state, epoch }: Task): string {
    switch (state.kind) {
      case "Leased": {
        const grace = state.graceUntil === undefined ? "" : `, grace ${state.graceUntil}`;
        return `Leased(${this.#short(state.peer)}@${state.epoch}, done ${state.done}, until ${state.deadline}${grace})`;
      }
      case "Reserved":
        return `Reserved(${this.#short(state.peer)}@${state.epoch}, until ${state.until})`;
      case "Delivered": {
        const queue = state.queue.map(({ node }) => this.#short(node));
        const { kind } = state.under;
        const waiting = queue.length === 0 ? "" : `, then ${queue.join(" ")}`;
        return `Delivered(${this.#short(state.candidate.node)}${waiting}${kind === "Open" ? "" : `, under it ${kind}`})`;
      }
      case "Verified":
        return `Verified(${this.#short(state.node)})`;
      case "Failed":
        return `Failed(${state.reason})`;
      default:
        return `${state.kind}@${epoch}`;
    }
  }

  #wake(): readonly string[] {
    const { phase, payer } = this.#state as JobState;
    return phase.kind === "Running"
      ? [`wake ${jobWake(this.#state as JobState)}`]
      : [`job ${phase.kind}${payer === undefined ? "" : `, paid by ${this.#short(payer)}`}`];
  }
}

test.each(readdirSync(FOLDER).filter((name) => name.endsWith(".txt")))("%s", async (name) => {
  const path = new URL(name, FOLDER).pathname;
  const stage = new Stage();
  const rendered = render(readFileSync(path, "utf8"), (command) => stage.run(command));
  await expect(rendered).toMatchFileSnapshot(path);
  stage.checkReplay();
});
