// The file whose SHA-256 the demo proves.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { sha256Blocks } from "@foldmesh/programs";
import { readUserFile } from "../io/files.ts";
import { repositoryRoot, userPath } from "../io/paths.ts";

/** 25 blocks: shards of three leaves, long enough to be interrupted. */
const DEFAULT_FILE = join(repositoryRoot, "packages", "programs", "circuits", "minroot.circom");
const MAX_FILE_BYTES = 2 ** 24;

export interface DemoFile {
  readonly path: string;
  readonly message: Uint8Array;
  /** as node:crypto has it, hex */
  readonly digest: string;
  /** blocks of 64 bytes, padding included */
  readonly steps: number;
}

/** @throws CLIError FILE */
export async function readDemoFile(asked: string | undefined): Promise<DemoFile> {
  const path = asked === undefined ? DEFAULT_FILE : userPath(asked);
  const message = await readUserFile(path, "the file", MAX_FILE_BYTES);
  const digest = createHash("sha256").update(message).digest("hex");
  return { path, message, digest, steps: sha256Blocks(message.length) };
}
