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

interface Most {
  readonly bytes: number;
  readonly files: number;
}

const ENDING = ".evidence";
/** Of what this node has made itself. */
const OWN_ENDING = `.own${ENDING}`;
/** Older files make room for newer ones, and those of others for its own: a key that convicts itself costs nothing. */
const MOST: Most = { bytes: 2 ** 29, files: 1024 };

export const evidenceDirectory = (dataDir: string): string => join(dataDir, "evidence");

/** @param self this node */
export function createArchive(dataDir: string, self: PeerId, most: Most = MOST): Archive {
  const directory = evidenceDirectory(dataDir);
  let turn: Promise<void> = Promise.resolve();
  return {
    keep(message, blobs = []) {
      const ending = message.sender === self ? OWN_ENDING : ENDING;
      const name = `${message.content.charge}-${message.id.slice(-16)}${ending}`;
      const file = { path: join(directory, name), bytes: message.bytes, blobs };
      const mine = turn.then(() => keepFile(directory, file, most));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}

interface Kept {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

/** One charge against a peer in one matter is kept once: the name is that of the evidence, not of its messenger. */
async function keepFile(
  directory: string,
  { path, bytes, blobs }: Kept,
  most: Most,
): Promise<void> {
  const isThere = await stat(path).catch(() => undefined);
  if (isThere !== undefined && blobs.length === 0) return; // perhaps with blobs
  const file = encodeDossier({ message: bytes, blobs });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await makeRoom(directory, file.length, most);
  await writeFile(`${path}.part`, file, { mode: 0o600 });
  await rename(`${path}.part`, path);
}

async function makeRoom(directory: string, bytes: number, most: Most): Promise<void> {
  const names = await readdir(directory);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs, isOwn: Number(name.endsWith(OWN_ENDING)) };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, bytes);
  let many = files.length + 1;
  files.sort((a, b) => a.isOwn - b.isOwn || a.mtimeMs - b.mtimeMs);
  for (const { path, size } of files) {
    if (total <= most.bytes && many <= most.files) return;
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
