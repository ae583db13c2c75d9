import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import envPaths from "env-paths";
import { CLIError } from "../errors.ts";
import { showPath, userPath } from "./paths.ts";

/** --data, FOLDMESH_DATA, or the platform's data directory (XDG_DATA_HOME, else ~/.local/share, on Linux). */
export function dataDirectory(asked?: string): string {
  const given = asked ?? process.env["FOLDMESH_DATA"];
  if (given !== undefined && given !== "") return userPath(given);
  return envPaths("foldmesh", { suffix: "" }).data;
}

/** Makes it where it is missing; it holds keys, so nobody else may look into it. @throws CLIError FILE */
export async function makeDataDirectory(path: string): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "EEXIST" || code === "ENOTDIR" ? "a file is in its place" : message;
    throw new CLIError(
      "FILE",
      `the data directory ${showPath(path)} cannot be made (${why}): name another one with --data`,
      { cause },
    );
  }
}

/** Node's recursive mkdir never returns where a file system such as /proc takes no directories. */
async function makeDirectory(path: string): Promise<void> {
  const parent = dirname(path);
  if (!(await isThere(parent))) await makeDirectory(parent);
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const isMade = await stat(path)
      .then((found) => found.isDirectory())
      .catch(() => false);
    if (!isMade) throw error;
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
