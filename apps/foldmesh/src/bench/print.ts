import prettyBytes from "pretty-bytes";
import type { MergeStages } from "@foldmesh/prover";
import { paint } from "../io/terminal.ts";
import type { Measurement } from "./benchmark.ts";

interface Column {
  readonly title: string;
  readonly width: number;
  readonly right?: boolean;
  readonly text: (m: Measurement) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "benchmark", width: 16, text: (m) => m.name },
  { title: "size", width: 18, text: sizeText },
  { title: "threads", width: 7, right: true, text: (m) => String(m.threads) },
  { title: "ms", width: 11, right: true, text: (m) => figure(m.ms) },
  { title: "peer", width: 22, text: (m) => m.peer ?? "" },
  { title: "peer ms", width: 11, right: true, text: (m) => optional(m.peerMs, figure) },
  {
    title: "ratio",
    width: 7,
    right: true,
    text: (m) => optional(m.ratio, (x) => `${x.toFixed(1)}×`),
  },
  { title: "more", width: 0, text: moreText },
];

export const tableHeader = (): string =>
  paint(
    "bold",
    row((column) => column.title),
  );

export const tableRow = (m: Measurement): string => row((column) => column.text(m));

function row(text: (column: Column) => string): string {
  const cells = COLUMNS.map((column) =>
    column.right === true ? text(column).padStart(column.width) : text(column).padEnd(column.width),
  );
  return cells.join("  ").trimEnd();
}

function sizeText({ s, size }: Measurement): string {
  return [s === undefined ? "" : `s=${s}`, size ?? ""].filter((x) => x !== "").join(" ");
}

function moreText({ stages, peakBytes, detail }: Measurement): string {
  const parts: string[] = [];
  if (stages !== undefined) parts.push(stagesText(stages));
  if (detail !== undefined) parts.push(detail);
  if (peakBytes !== undefined) parts.push(`peak ${prettyBytes(peakBytes, { binary: true })}`);
  return parts.join(", ");
}

/** "fold 31 %, cyclefold 22 %, …" */
function stagesText(stages: MergeStages): string {
  const entries = Object.entries(stages) as [string, number][];
  const total = entries.reduce((sum, [, ms]) => sum + ms, 0);
  return entries.map(([name, ms]) => `${name} ${Math.round((100 * ms) / total)} %`).join(", ");
}

const optional = (x: number | undefined, show: (x: number) => string): string =>
  x === undefined ? "" : show(x);

/** Three significant digits below 100, whole milliseconds above. */
const figure = (ms: number): string => (ms < 100 ? ms.toPrecision(3) : Math.round(ms).toString());
