// What the demo does to its own network: one prover is killed in the middle of a shard, and the work goes on.
import type { JobEvent } from "@foldmesh/client";
import { count } from "../io/terminal.ts";
import type { RemoteEvent } from "../remote/events.ts";
import type { DaemonProcess } from "./daemon-process.ts";

type Range = { readonly start: number; readonly end: number };
type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

/** What came of it; leaves are counted from the job's first. */
export interface DrillReport {
  readonly killed: string;
  readonly shard: Range;
  /** how far its last checkpoint went, and how far it said it was */
  readonly checkpoint: number;
  readonly done: number;
  /** leaves that were proved twice */
  readonly redone: number;
  /** who went on; undefined while nobody has */
  readonly next: string | undefined;
}

export interface Drill {
  readonly onEvent: (event: RemoteEvent) => void;
  /** Undefined when there was no shard long enough to be interrupted. */
  readonly report: () => DrillReport | undefined;
}

interface Shard {
  readonly range: Range;
  done: number;
  checkpoint: number;
}

interface Interrupted extends Shard {
  readonly task: string;
  readonly victim: DaemonProcess;
  next: string | undefined;
}

/**
 * Kills the first of the victims that has a checkpoint and at least one leaf beyond it to prove.
 * @param say told of what happens
 */
export function createDrill(
  victims: readonly DaemonProcess[],
  nameOf: (peer: string) => string,
  say: (line: string) => void,
): Drill {
  const shards = new Map<string, Shard>();
  let interrupted: Interrupted | undefined;

  const onLeased = ({ task, peer, range }: On<"leased">): void => {
    if (interrupted === undefined || interrupted.task !== task || interrupted.next !== undefined) {
      if (task.startsWith("prove:")) {
        shards.set(`${task}/${peer}`, { range, done: range.start, checkpoint: range.start });
      }
      return;
    }
    interrupted.next = nameOf(peer);
    say(`hand-off: ${describe(reportOf(interrupted))}`);
  };
  const onCheckpoint = ({ task, peer, done }: On<"checkpoint">): void => {
    const shard = shards.get(`${task}/${peer}`);
    if (shard === undefined) return;
    shard.checkpoint = done;
    shard.done = Math.max(shard.done, done);
    const victim = victims.find((each) => each.peer === peer);
    if (victim === undefined || interrupted !== undefined || done + 1 >= shard.range.end) return;
    interrupted = { ...shard, task, victim, next: undefined };
    victim.kill();
    say(`kill -9: ${victim.name}, process ${victim.pid}, in ${words(shard.range)}`);
  };
  const onProgress = ({ task, peer, done }: On<"progress">): void => {
    const shard = shards.get(`${task}/${peer}`);
    if (shard !== undefined) shard.done = Math.max(shard.done, done);
    if (interrupted?.task === task && interrupted.victim.peer === peer) {
      interrupted.done = Math.max(interrupted.done, done);
    }
  };
  return {
    onEvent(event) {
      if (event.kind !== "update") return;
      const told = event.update.event;
      if (told.kind === "leased") onLeased(told);
      if (told.kind === "checkpoint") onCheckpoint(told);
      if (told.kind === "progress") onProgress(told);
    },
    report: () => interrupted && reportOf(interrupted),
  };
}

function reportOf({ victim, range, checkpoint, done, next }: Interrupted): DrillReport {
  const redone = done - checkpoint;
  return { killed: victim.name, shard: range, checkpoint, done, redone, next };
}

const words = ({ start, end }: Range): string => `shard [${start}, ${end})`;

export function describe({ killed, shard, checkpoint, redone, next }: DrillReport): string {
  const saved = `the checkpoint for [${shard.start}, ${checkpoint})`;
  if (next === undefined) return `${killed} was killed in ${words(shard)}, and finished it before`;
  return `${next} goes on with ${words(shard)} from ${saved} of ${killed}; done again: ${count(redone, "leaf", "leaves")}`;
}
