import type { Plan, ProverEvent } from "@foldmesh/prover";
import { describe, expect, it } from "vitest";
import { cellWidth, drawTree } from "../src/view/draw-tree.ts";
import { advance, barsOf, emptyView } from "../src/view/job-view.ts";
import { plainProgress } from "../src/view/plain.ts";
import { createTree, grow } from "../src/view/tree.ts";

const STAGES = { fold: 1, cyclefold: 1, witness: 1, commit: 1 };

const leaf = (index: number, shard: number): ProverEvent => ({
  type: "leaf",
  leaf: index,
  shard,
  worker: 0,
  ms: 10,
});
const merge = (start: number, end: number, shard: number | null): ProverEvent => ({
  type: "merge",
  range: { start, end },
  shard,
  worker: 0,
  ms: 1500,
  stages: STAGES,
});
const plan: Plan = {
  steps: 5,
  stepsPerLeaf: 1,
  leaves: 5,
  shards: [
    { start: 0, end: 3 },
    { start: 3, end: 5 },
  ],
  constraints: 30_000,
  logRows: 15,
};
const leaves = [leaf(0, 0), leaf(1, 0), leaf(2, 0), leaf(3, 1), leaf(4, 1)];

function draw(events: readonly ProverEvent[]): string[] {
  const tree = createTree();
  for (const event of events) grow(tree, event);
  return drawTree(tree.tops(), 5, 4, (text) => text).map((line) => line.trimEnd());
}

describe("the tree", () => {
  it("shows leaves as they come, in any order", () => {
    expect(draw([leaf(3, 1), leaf(0, 0)])).toEqual(["■   ·   ·   ■   ·"]);
  });
  it("grows upwards to the root", () => {
    const merges = [merge(0, 2, 0), merge(3, 5, 1), merge(0, 3, 0), merge(0, 5, null)];
    expect(draw([...leaves, ...merges])).toEqual([
      "     ┌───┴────┐",
      "  ┌──┴──┐     │",
      "┌─┴─┐   │   ┌─┴─┐",
      "■   ■   ■   ■   ■",
    ]);
  });
  it("leaves out a merge whose children it has not seen", () => {
    const tree = createTree();
    grow(tree, leaf(0, 0));
    expect(tree.addMerge({ start: 0, end: 2 }, 0)).toBe(false);
    expect(tree.tops()).toHaveLength(1);
  });
  it("is not drawn where it does not fit", () => {
    expect(cellWidth(16, 80)).toBe(4);
    expect(cellWidth(30, 80)).toBe(2);
    expect(cellWidth(41, 80)).toBe(0);
  });
});

describe("the bars", () => {
  it("count what is done", () => {
    const events: ProverEvent[] = [
      { type: "setup", phase: "key", done: 3, total: 7 },
      { type: "plan", plan },
      { type: "execute", done: 4, total: 5 },
      leaf(0, 0),
      leaf(1, 0),
      merge(0, 2, 0),
    ];
    expect(barsOf(events.reduce(advance, emptyView))).toEqual([
      { name: "commitment key", progress: { done: 3, total: 7 } },
      { name: "witnesses", progress: { done: 4, total: 5 } },
      { name: "leaves", progress: { done: 2, total: 5 } },
      { name: "merges", progress: { done: 1, total: 4 } },
    ]);
  });
});

describe("plain progress", () => {
  function tell(events: readonly ProverEvent[], each: boolean): string[] {
    const lines: string[] = [];
    const progress = plainProgress(
      (line) => lines.push(line),
      each,
      () => 0,
    );
    for (const event of events) progress.onEvent(event);
    return lines;
  }
  it("tells every node where asked to", () => {
    expect(tell([{ type: "plan", plan }, ...leaves.slice(0, 2), merge(0, 2, 0)], true)).toEqual([
      "plan: 5 leaves of 1 step in 2 shards, 2^15 rows each",
      "leaf 0 (shard 0): 10 ms",
      "leaf 1 (shard 0): 10 ms",
      "merge [0, 2) (shard 0): 1.5 s",
    ]);
  });
  it("tells every line that the circuit prints, without what would steer the terminal", () => {
    const log = (step: number, line: string): ProverEvent => ({ type: "log", step, line });
    expect(tell([log(0, "x 1"), log(0, "\u001B[2J"), log(1, "x 2")], false)).toEqual([
      "step 0: x 1",
      "step 0: \\u{1b}[2J",
      "step 1: x 2",
    ]);
  });
  it("otherwise tells counts, at most every two seconds, and the last", () => {
    const merges = [merge(0, 2, 0), merge(3, 5, 1), merge(0, 3, 0), merge(0, 5, null)];
    expect(tell([{ type: "plan", plan }, ...leaves, ...merges], false).slice(1)).toEqual([
      "proved: 1 of 5 leaves, 0 of 4 merges",
      "proved: 5 of 5 leaves, 4 of 4 merges",
    ]);
  });
});
