import type { TreeNode } from "./tree.ts";

/** Gives a drawn character its colour; `shard` is null above the shards and for what is not yet there. */
export type Painter = (text: string, shard: number | null) => string;

const LEAF = "■";
const PENDING = "·";
const MAX_CELL = 4;

/** Columns of one leaf in a drawing of at most `width` columns; 0 where the leaves do not fit. */
export function cellWidth(leaves: number, width: number): number {
  const cell = Math.min(MAX_CELL, Math.floor(width / leaves));
  return cell >= 2 ? cell : 0;
}

/**
 * Draws the forest over `leaves` leaves, the highest nodes first, every leaf `cell` columns wide:
 *
 *        ┌──┴──┐
 *       ┌┴─┐  ┌┴─┐
 *       ■  ■  ■  ■  ·  ·
 */
export function drawTree(
  tops: readonly TreeNode[],
  leaves: number,
  cell: number,
  paint: Painter,
): string[] {
  const height = Math.max(0, ...tops.map((node) => node.height));
  const canvas = createCanvas(leaves * cell, height + 1);
  for (let leaf = 0; leaf < leaves; leaf++) canvas.put(leaf * cell, 0, PENDING, null);
  for (const top of tops) drawNode(canvas, top, cell);
  return canvas.lines(paint);
}

interface Canvas {
  /** Row 0 is the leaves, at the bottom. */
  readonly put: (x: number, row: number, text: string, shard: number | null) => void;
  readonly lines: (paint: Painter) => string[];
}

function createCanvas(width: number, height: number): Canvas {
  type Cell = { readonly text: string; readonly shard: number | null };
  const blank: Cell = { text: " ", shard: null };
  const rows = Array.from({ length: height }, () => Array.from({ length: width }, () => blank));
  return {
    put: (x, row, text, shard) => {
      rows[row]![x] = { text, shard };
    },
    lines: (paint) =>
      rows
        .toReversed()
        .map((row) =>
          row.map(({ text, shard }) => (text === " " ? text : paint(text, shard))).join(""),
        ),
  };
}

/** Draws a node with everything below it and returns the column of its middle. */
function drawNode(canvas: Canvas, node: TreeNode, cell: number): number {
  const { children, height, shard, range } = node;
  if (children === null) {
    const x = range.start * cell;
    canvas.put(x, 0, LEAF, shard);
    return x;
  }
  const columns = children.map((child) => drawChild(canvas, child, height, cell));
  const [left, right] = [columns[0]!, columns.at(-1)!];
  const middle = Math.floor((left + right) / 2);
  for (let x = left + 1; x < right; x++) canvas.put(x, height, "─", shard);
  for (const x of columns.slice(1, -1)) canvas.put(x, height, "┬", shard);
  canvas.put(left, height, "┌", shard);
  canvas.put(right, height, "┐", shard);
  canvas.put(middle, height, columns.includes(middle) ? "┼" : "┴", shard);
  return middle;
}

/** A child, with a stem up to where its parent, `height` above the leaves, is drawn. */
function drawChild(canvas: Canvas, child: TreeNode, height: number, cell: number): number {
  const x = drawNode(canvas, child, cell);
  for (let row = child.height + 1; row < height; row++) canvas.put(x, row, "│", child.shard);
  return x;
}
