// A daemon's log: one line an event, for people or as JSON.
import { stripVTControlCharacters } from "node:util";
import { paint, toJSON } from "../io/terminal.ts";

export const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type Level = Exclude<(typeof LEVELS)[number], "silent">;

/** What happened, with whatever tells more; values are JSON's, bigints or errors. */
export interface Entry {
  readonly level: Level;
  readonly event: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type Log = (entry: Entry) => void;

export interface LogOptions {
  /** entries below are left out */
  readonly least: (typeof LEVELS)[number];
  readonly format: (entry: Entry, at: Date) => string;
  readonly write: (line: string) => void;
}

export function createLog({ least, format, write }: LogOptions): Log {
  const bar = LEVELS.indexOf(least);
  return (entry) => {
    if (LEVELS.indexOf(entry.level) >= bar) write(`${format(entry, new Date())}\n`);
  };
}

/** {"time":"2026-…","level":"info","event":"receipt",…} */
export const asJSON = ({ level, event, fields = {} }: Entry, at: Date): string =>
  toJSON({ time: at.toISOString(), level, event, ...mapValues(fields, plain) });

const STYLES = { debug: "dim", info: "green", warn: "yellow", error: "red" } as const;

/** "12:30:01.250 info  receipt       amount=312 task=prove:0" */
export function asText({ level, event, fields = {} }: Entry, at: Date): string {
  const time = at.toTimeString().slice(0, 8) + at.toISOString().slice(19, 23);
  const told = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
  const name = paint(STYLES[level], level.padEnd(5), process.stderr);
  const line = `${paint("dim", time, process.stderr)} ${name} ${event.padEnd(16)} ${told.join(" ")}`;
  return line.trimEnd();
}

const mapValues = (
  fields: Readonly<Record<string, unknown>>,
  change: (value: unknown) => unknown,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));

/** Errors as their sentence, bytes as their length: a log is no place for keys and inputs. */
function plain(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return value;
}

const LONG_NAME = /^(?:12D3|Qm|baf)[A-Za-z0-9]{30,}$/;

/** Values on a line of text: names of peers and blobs by their last letters, text of others without control characters. */
function show(value: unknown): string {
  const simple = plain(value);
  if (typeof simple === "string" && LONG_NAME.test(simple)) return `…${simple.slice(-8)}`;
  if (typeof simple === "string" && /^[\w/.:…-]+$/.test(simple)) return simple;
  return stripVTControlCharacters(toJSON(simple) ?? "undefined");
}
