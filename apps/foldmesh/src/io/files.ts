import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { CLIError } from "../errors.ts";
import { showPath, userPath } from "./paths.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read or write it",
  EPERM: "this user may not read or write it",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of its path is not a directory",
  ENOSPC: "no space is left on the device",
  EROFS: "the file system is read-only",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
};

function reason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/** A pipe without a writer would be waited for. */
const READ_NOW = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a whole file.
 * @param path as the user gave it
 * @param what for messages, such as "the proof"
 * @param limit in bytes
 * @throws CLIError FILE
 */
export async function readUserFile(path: string, what: string, limit: number): Promise<Uint8Array> {
  const full = userPath(path);
  try {
    await using file = await open(full, READ_NOW);
    const { size } = await checkRegular(file, full, what);
    if (size > limit) {
      throw new CLIError(
        "FILE",
        `${what} ${showPath(full)} has ${size} bytes; at most ${limit} are read`,
      );
    }
    return new Uint8Array(await file.readFile());
  } catch (error) {
    if (error instanceof CLIError) throw error;
    throw new CLIError("FILE", `${what} ${showPath(full)} cannot be read: ${reason(error)}`, {
      cause: error,
    });
  }
}

type Stat = () => Promise<{ readonly size: number; isFile: () => boolean }>;

async function checkRegular(
  file: { readonly stat: Stat },
  full: string,
  what: string,
): Promise<{ readonly size: number }> {
  const entry = await file.stat();
  if (entry.isFile()) return entry;
  throw new CLIError("FILE", `${what} must be a file; ${showPath(full)} is something else`);
}

/**
 * Checks before long work that `path` can be written at its end: its directory is there and is
 * writable, and only a plain file would be replaced.
 * @returns the absolute path
 * @throws CLIError FILE
 */
export async function checkWritable(path: string): Promise<string> {
  const full = userPath(path);
  const entry = await stat(full).catch(() => undefined);
  if (entry !== undefined && !entry.isFile()) {
    throw new CLIError(
      "FILE",
      `${showPath(full)} is there and is no plain file: name another output`,
    );
  }
  try {
    await access(dirname(full), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CLIError(
      "FILE",
      `${showPath(full)} cannot be written, its directory is not there or not writable: create ${showPath(dirname(full))} or name another output`,
      { cause: error },
    );
  }
  return full;
}

/**
 * Checks that an output does not replace what it is made from, under whatever name.
 * @param full the output's absolute path
 * @param sources paths of files, which need not be there
 * @throws CLIError FILE
 */
export async function checkApart(full: string, sources: readonly string[]): Promise<void> {
  const out = await stat(full).catch(() => undefined);
  if (out === undefined) return;
  for (const source of sources) {
    const entry = await stat(source).catch(() => undefined);
    if (entry?.dev !== out.dev || entry.ino !== out.ino) continue;
    throw new CLIError("FILE", `${showPath(full)} is read by this command: name another output`);
  }
}

/** Writes a file whole or not at all: beside its place first, then renamed. @throws CLIError FILE */
export async function writeUserFile(full: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(full, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new CLIError("FILE", `${showPath(full)} cannot be written: ${reason(error)}`, {
      cause: error,
    });
  }
}
