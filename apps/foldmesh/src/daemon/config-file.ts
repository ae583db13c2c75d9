import { CLIError } from "../errors.ts";
import { readUserFile } from "../io/files.ts";
import { showPath, userPath } from "../io/paths.ts";
import type { Config } from "./settings.ts";

const MAX_CONFIG_BYTES = 2 ** 20;

/** @throws CLIError FILE, CONFIG */
export async function readConfig(path: string): Promise<Config> {
  const bytes = await readUserFile(path, "the configuration", MAX_CONFIG_BYTES);
  return parseConfig(new TextDecoder().decode(bytes), showPath(userPath(path)));
}

/** @throws CLIError CONFIG, with every bad key */
export async function parseConfig(text: string, name: string): Promise<Config> {
  const { configSchema } = await import("./config-schema.ts"); // zod is loaded where there is a file
  const parsed = configSchema.safeParse(parseJSON(text, name));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw new CLIError(
    "CONFIG",
    `the configuration ${name} is not usable: ${faults.join("; ")} ("foldmesh start --help" tells the keys)`,
  );
}

function parseJSON(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw new CLIError("CONFIG", `the configuration ${name} must be JSON: ${message}`, { cause });
  }
}
