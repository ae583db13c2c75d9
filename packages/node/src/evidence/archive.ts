// The evidence that a node has made or seen, as files in its data directory, each to be handed to anybody.

import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Charge,
  type PeerId,
  ProtocolError,
  type SignedMessage,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import { decodeDossier, encodeDossier } from "./dossier.ts";

export interface EvidenceFile {
  readonly path: string;
  readonly bytes: number;
  readonly accused: PeerId;
  readonly accuser: PeerId;
  readonly charge: Charge;
}

export interface Archive {
  /** @param blobs what a charge of a wrong node speaks of */
  keep(message: SignedMessage<"Evidence">, blobs?: readonly Uint8Array[]): Promise<void>;
}

const ENDING = ".evidence";
/** Older files make room for newer ones. */
const MOST_BYTES = 2 ** 29;
const MOST_FILES = 1024;

export const evidenceDirectory = (dataDir: string): string => join(dataDir, "evidence");

export function createArchive(dataDir: string): Archive {
  const directory = evidenceDirectory(dataDir);
  let turn: Promise<void> = Promise.resolve();
  return {
    keep(message, blobs = []) {
      const mine = turn.then(() => keepFile(directory, message, blobs));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}

/** One charge against a peer in one matter is kept once: the name is that of the evidence, not of its messenger. */
async function keepFile(
  directory: string,
  { id, bytes, content }: SignedMessage<"Evidence">,
  blobs: readonly Uint8Array[],
): Promise<void> {
  const path = join(directory, `${content.charge}-${id.slice(-16)}${ENDING}`);
  const isThere = await stat(path).catch(() => undefined);
  if (isThere !== undefined && blobs.length === 0) return; // perhaps with blobs
  const file = encodeDossier({ message: bytes, blobs });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await makeRoom(directory, file.length);
  await writeFile(`${path}.part`, file, { mode: 0o600 });
  await rename(`${path}.part`, path);
}

async function makeRoom(directory: string, bytes: number): Promise<void> {
  const names = await readdir(directory);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, bytes);
  let many = files.length + 1;
  for (const { path, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= MOST_BYTES && many <= MOST_FILES) return;
    await rm(path);
    total -= size;
    many -= 1;
  }
}

/** What a node keeps; files that are no evidence are left out. */
export async function listEvidence(dataDir: string): Promise<readonly EvidenceFile[]> {
  const directory = evidenceDirectory(dataDir);
  const names = await readdir(directory).catch(() => []);
  const files = names.filter((name) => name.endsWith(ENDING)).toSorted();
  return (await Promise.all(files.map((name) => readOne(join(directory, name))))).flat();
}

async function readOne(path: string): Promise<readonly EvidenceFile[]> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    const { message } = decodeDossier(bytes);
    const { sender, content } = await openMessage(verifySignature, message, "Evidence");
    const { accused, charge } = content;
    return [{ path, bytes: bytes.length, accused, accuser: sender, charge }];
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}
