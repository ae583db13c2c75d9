import type { ProverEvent } from "@foldmesh/prover";
import { createLogUpdate } from "log-update";
import { paint } from "../io/terminal.ts";
import { drawBar } from "./bar.ts";
import { type Painter, cellWidth, drawTree } from "./draw-tree.ts";
import { type JobView, advance, barsOf, emptyView, logLine } from "./job-view.ts";
import type { JobProgress } from "./progress.ts";
import { type Tree, createTree, grow } from "./tree.ts";

const FRAME_MS = 80;
const SHARD_COLOURS = ["cyan", "magenta", "yellow", "green", "blue", "red"] as const;

/** Bars, and the tree above them where asked for, redrawn at most every 80 ms. */
export function liveProgress(stream: NodeJS.WriteStream, withTree: boolean): JobProgress {
  const draw = createLogUpdate(stream);
  const tree = createTree();
  let view = emptyView;
  let timer: NodeJS.Timeout | undefined;
  const frame = (): void => {
    timer = undefined;
    const drawing = withTree ? treeLines(tree, view, stream) : [];
    draw([...drawing, ...barLines(view)].join("\n"));
  };
  return {
    onEvent: (event: ProverEvent) => {
      if (event.type === "log") draw.persist(logLine(event));
      view = advance(view, event);
      grow(tree, event);
      timer ??= setTimeout(frame, FRAME_MS);
    },
    stop: () => {
      clearTimeout(timer);
      frame();
      draw.done();
    },
  };
}

const barLines = (view: JobView): string[] =>
  barsOf(view).map(({ name, progress }) => drawBar(name, progress));

function treeLines(tree: Tree, { plan }: JobView, stream: NodeJS.WriteStream): string[] {
  if (plan === null) return [];
  const cell = cellWidth(plan.leaves, (stream.columns ?? 80) - 4);
  if (cell === 0) return [];
  const drawing = drawTree(tree.tops(), plan.leaves, cell, shardPainter(stream));
  return ["", ...drawing.map((line) => `  ${line}`), ""];
}

const shardPainter =
  (stream: NodeJS.WriteStream): Painter =>
  (text, shard) =>
    text === "·"
      ? paint("dim", text, stream)
      : paint(shard === null ? "bold" : SHARD_COLOURS[shard % SHARD_COLOURS.length]!, text, stream);
