import { dirname, join, relative, resolve } from "node:path";
import envPaths from "env-paths";

/**
 * Where the user stands. A package script runs in the directory of its package.json, and the package
 * manager says in INIT_CWD where it was called.
 */
export function userDirectory(
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
): string {
  const { INIT_CWD: caller, npm_lifecycle_event: script, npm_package_json: manifest } = env;
  if (caller === undefined || caller === "" || script === undefined) return cwd;
  const inPackage = manifest === undefined || dirname(manifest) === cwd;
  return inPackage ? caller : cwd;
}

/** A path as the user gave it, made absolute. */
export const userPath = (path: string): string => resolve(userDirectory(), path);

/** A path as short as the user can read it. */
export function showPath(path: string): string {
  const short = relative(userDirectory(), path);
  return short === "" || short.startsWith("..") ? path : short;
}

/** Root of the repository that this file is part of. */
export const repositoryRoot: string = join(import.meta.dirname, "..", "..", "..", "..");

/** --cache, FOLDMESH_CACHE, or the platform's cache directory (XDG_CACHE_HOME, else ~/.cache, on Linux). */
export function cacheDirectory(asked?: string): string {
  const given = [asked, process.env["FOLDMESH_CACHE"]].find((path) => (path ?? "") !== "");
  if (given !== undefined) return userPath(given);
  return envPaths("foldmesh", { suffix: "" }).cache;
}
