import { createLogUpdate } from "log-update";
import { paint } from "../io/terminal.ts";
import type { RemoteEvent } from "../remote/events.ts";
import { drawBar } from "./bar.ts";
import { type Painter, cellWidth, drawTree } from "./draw-tree.ts";
import type { NetworkProgress } from "./network-progress.ts";
import { networkTree } from "./network-tree.ts";
import {
  type NetworkView,
  type WorkerView,
  advanceNetwork,
  emptyNetworkView,
  progressOf,
} from "./network-view.ts";
import { type Naming, lineOfRemote, price, workName } from "./network-words.ts";

const FRAME_MS = 80;
const WORKER_COLOURS = ["cyan", "magenta", "yellow", "green", "blue", "red"] as const;
/** Lines about what happened last. */
const NEWS = 4;
const NAME_WIDTH = 12;

/** The tree in its workers' colours, what each of them does and was paid, and the latest news. */
export function liveNetwork(stream: NodeJS.WriteStream, name: Naming): NetworkProgress {
  const draw = createLogUpdate(stream);
  const news: string[] = [];
  /** stays in sight */
  const said: string[] = [];
  let view = emptyNetworkView;
  let timer: NodeJS.Timeout | undefined;
  const frame = (): void => {
    timer = undefined;
    const latest = news.slice(-NEWS).map((line) => paint("dim", fit(line, stream), stream));
    draw(
      [
        ...treeLines(view, stream),
        ...workerLines(view, name, stream),
        ...barLines(view),
        ...said.map((line) => paint("bold", fit(line, stream), stream)),
        ...latest,
      ].join("\n"),
    );
  };
  return {
    onEvent(event: RemoteEvent) {
      view = advanceNetwork(view, event);
      const line = lineOfRemote(event, name);
      if (line !== null) news.push(line);
      timer ??= setTimeout(frame, FRAME_MS);
    },
    say(line) {
      said.push(line);
      timer ??= setTimeout(frame, FRAME_MS);
    },
    stop() {
      clearTimeout(timer);
      frame();
      draw.done();
    },
  };
}

const fit = (line: string, stream: NodeJS.WriteStream): string =>
  line.slice(0, Math.max(20, (stream.columns ?? 80) - 1));

function treeLines(view: NetworkView, stream: NodeJS.WriteStream): string[] {
  const leaves = view.cut?.leaves ?? 0;
  const cell = leaves === 0 ? 0 : cellWidth(leaves, (stream.columns ?? 80) - 4);
  if (cell === 0) return [];
  const drawing = drawTree(networkTree(view), leaves, cell, workerPainter(stream));
  return ["", ...drawing.map((line) => `  ${line}`), ""];
}

const colourOf = (index: number): (typeof WORKER_COLOURS)[number] =>
  WORKER_COLOURS[index % WORKER_COLOURS.length]!;

const workerPainter =
  (stream: NodeJS.WriteStream): Painter =>
  (text, worker) =>
    worker === null || text === "·"
      ? paint("dim", text, stream)
      : paint(colourOf(worker), text, stream);

const workerLines = (view: NetworkView, name: Naming, stream: NodeJS.WriteStream): string[] =>
  [...view.workers].map(([peer, worker], index) => {
    const bullet = paint(colourOf(index), "■", stream);
    const who = name(peer).padEnd(NAME_WIDTH);
    return `  ${bullet} ${who} ${doing(view, peer).padEnd(30)} ${account(worker)}`;
  });

function doing({ tasks }: NetworkView, peer: string): string {
  const held = [...tasks.values()].filter(
    (task) => task.peer === peer && task.state !== "verified",
  );
  const [first] = held;
  if (first === undefined) return "waiting";
  const { task, range, done, state } = first;
  const more = held.length > 1 ? `, ${held.length - 1} more` : "";
  if (state === "delivered") return `${workName(task, range)}: being verified${more}`;
  const leaves = task.startsWith("prove")
    ? ` ${done - range.start} of ${range.end - range.start}`
    : "";
  return `${workName(task, range)}${leaves}${more}`;
}

const account = ({ verified, paid, blamed }: WorkerView): string =>
  `${verified} done  ${price(paid)}${blamed > 0 ? `  ${blamed} lost` : ""}`;

function barLines(view: NetworkView): string[] {
  if (view.shards.length === 0) return [];
  const { leaves, merges } = progressOf(view);
  return ["", drawBar("leaves", leaves), drawBar("tree", merges), ""];
}
