import { styleText } from "node:util";
import type { Failure } from "../errors.ts";

type Style = Parameters<typeof styleText>[0];
type Stream = NodeJS.WriteStream;

/** Colours only where the stream is a terminal; NO_COLOR and FORCE_COLOR are heard (by Node). */
export const paint = (style: Style, text: string, stream: Stream = process.stdout): string =>
  styleText(style, text, { stream });

/** Whether something may be drawn and redrawn on the stream: a terminal that has a size. */
export const isLive = (stream: Pick<Stream, "isTTY" | "columns" | "rows">): boolean =>
  stream.isTTY &&
  stream.columns > 0 &&
  stream.rows > 0 &&
  process.env["TERM"] !== "dumb" &&
  (process.env["CI"] ?? "") === "";

/** Text that came from elsewhere, with its control characters spelled out: it must not steer the terminal. */
export const printable = (text: string): string =>
  text.replaceAll(/(?![\n\t])\p{C}/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

/** Where a command speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  /** Results are JSON. */
  readonly json: boolean;
  /** One line of a readable result; nothing with --json. */
  readonly line: (text?: string) => void;
  /** The result; without --json nothing. bigints become decimal strings. */
  readonly result: (value: object) => void;
  /** A remark, on stderr. */
  readonly note: (text: string) => void;
}

export function createTerminal(json: boolean): Terminal {
  return {
    json,
    line: (text = "") => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    result: (value) => {
      if (json) process.stdout.write(`${toJSON(value)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
  };
}

/** The sentence on stderr; with --json an object on stdout too. */
export function reportFailure({ code, message, exitCode }: Failure, json: boolean): void {
  const label = paint(["red", "bold"], "error:", process.stderr);
  process.stderr.write(`${label} ${printable(message)}\n`);
  if (json) process.stdout.write(`${toJSON({ ok: false, error: { code, message, exitCode } })}\n`);
}

/** JSON on one line; bigints become decimal strings. */
export const toJSON = (value: unknown): string =>
  JSON.stringify(value, (_, x: unknown) => (typeof x === "bigint" ? x.toString() : x));

/** "1.2 s", "35 ms", "2 min 5 s" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds - minutes * 60)} s`;
}

/** "1 leaf", "2 leaves" */
export const count = (n: number, one: string, many: string = `${one}s`): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
