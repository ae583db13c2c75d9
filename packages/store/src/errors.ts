/** Why the store refused or could not do something. Stable; the message says what was expected and what came. */
export type StoreErrorCode =
  | "LOCKED" // another process has the directory open
  | "NOT_A_STORE" // a directory with other things in it, or of another layout
  | "NEWER_SCHEMA" // written by a later version of this software
  | "NO_MIGRATION" // written by an earlier version, and no way leads from there to here
  | "CORRUPT" // bytes that were once good; a restart after a crash or after this error repairs
  | "STORE_FULL" // the quota or the disk; nothing was kept
  | "NOT_FOUND"
  | "BAD_BLOB" // the bytes are not those of the CID, or not as many as promised
  | "BAD_CID"
  | "BAD_KEY"
  | "BAD_RANGE"
  | "PINNED" // what a live job needs is not removed
  | "CONFLICT" // the log has another length than the writer thought
  | "CLOSED"
  | "IO";

/** Thrown on everything that disks, files and callers' data can do to the store. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Trips on our own mistakes (never on outside data). */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** What `code` of a thrown system or level error means here. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: "STORE_FULL",
  EDQUOT: "STORE_FULL",
  EFBIG: "STORE_FULL",
  LEVEL_LOCKED: "LOCKED",
  LEVEL_CORRUPTION: "CORRUPT",
  LEVEL_DATABASE_NOT_OPEN: "CLOSED",
  LEVEL_ITERATOR_NOT_OPEN: "CLOSED",
};

/** How LevelDB words a full disk: it passes strerror on, under a code shared by all failures of files. */
const FULL = /no space left on device|disk quota exceeded|file too large/i;

/** A table that is too short, or gone, is no failure of the disk. */
const TORN = /^IO error: .*\.(?:ldb|sst): (?:Invalid argument|No such file)/s;

/** Any rejection as a StoreError; ours pass through. */
export function asStoreError(thrown: unknown, what: string): StoreError {
  const cause = rootOf(thrown);
  if (cause instanceof StoreError) return cause;
  const { message } = cause;
  const worded = FULL.test(message) ? "STORE_FULL" : TORN.test(message) ? "CORRUPT" : "IO";
  const code = CODES[codeOf(cause)] ?? worded;
  return new StoreError(code, `${what}: ${message}`, { cause: thrown });
}

/** The `code` that errors of Node and level carry; "" for anything else. */
export function codeOf(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** abstract-level wraps what went wrong while opening. */
function rootOf(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const isWrapped = codeOf(thrown) === "LEVEL_DATABASE_NOT_OPEN" && thrown.cause instanceof Error;
  return isWrapped ? rootOf(thrown.cause) : thrown;
}
