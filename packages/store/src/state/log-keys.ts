import { natural, text } from "./keys.ts";

/** Where an event of a log stands: the log's name, NUL, 16 digits. */
export const eventKey = (log: string, sequence: number): string =>
  `${text.encode(log)}\0${natural.encode(sequence)}`;

/** @throws StoreError BAD_KEY */
export function parseEventKey(key: string): { log: string; sequence: number } {
  const end = key.lastIndexOf("\0");
  return { log: key.slice(0, Math.max(0, end)), sequence: natural.decode(key.slice(end + 1)) };
}

/** All events of a log from a sequence number on. */
export const logRange = (log: string, from = 0): { gte: string; lt: string } => ({
  gte: eventKey(log, from),
  lt: `${log}\x01`,
});
