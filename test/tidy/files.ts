// The files of the repository, as the tidy test reads them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const ROOT: string = join(import.meta.dirname, "..", "..");

/** Directories that hold nothing of ours: installed, built or git's own. */
const FOREIGN: readonly string[] = [
  ".git",
  "node_modules",
  "dist",
  "build",
  ".turbo",
  ".cache",
  "coverage",
];

/** A file, with its path from the root of the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Paths of every file of ours, relative to the root, with forward slashes. */
export function listFiles(directory: string = ""): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    if (FOREIGN.includes(entry.name)) return [];
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Paths that git tracks; every path where there is no git. */
export function trackedFiles(): string[] {
  if (!existsSync(join(ROOT, ".git"))) return listFiles();
  const listing = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  return listing.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

export const readSource = (path: string): SourceFile => ({
  path,
  text: readFileSync(join(ROOT, path), "utf8"),
});

export const isCode = (path: string): boolean => /\.(ts|tsx|mts)$/.test(path);
