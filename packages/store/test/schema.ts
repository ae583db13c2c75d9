import { createHash } from "node:crypto";
import type { Codec } from "@foldmesh/protocol";
import { integer, struct, text as textCodec } from "@foldmesh/protocol";
import { rawCID } from "../src/blobs/digest.ts";
import type { KeyCodec, LogSpec, RepositorySpec, Schema, Store } from "../src/index.ts";
import {
  canonical,
  log,
  natural,
  opaque,
  recordKey,
  repository,
  text,
  textKey,
} from "../src/index.ts";

// Apart from support.ts, for child processes load it without the test runner.

export interface Note {
  readonly title: string;
  readonly weight: number;
}

export interface NoteId {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
}

const noteCodec: Codec<Note> = struct<Note>({ title: textCodec(64), weight: integer(0, 1e9) });
const noteKey: KeyCodec<NoteId, Partial<NoteId>> = recordKey<NoteId>({
  job: text,
  task: text,
  epoch: natural,
});

export type TestRooms = {
  readonly notes: RepositorySpec<NoteId, Note, Partial<NoteId>>;
  readonly raw: RepositorySpec<string, Uint8Array, undefined>;
  readonly events: LogSpec<Note>;
};

export const ROOMS: TestRooms = {
  notes: repository(noteKey, canonical(noteCodec)),
  raw: repository(textKey, opaque),
  events: log(canonical(noteCodec)),
};

export const SCHEMA: Schema<TestRooms> = { version: 1, rooms: ROOMS, migrations: [] };
export type TestStore = Store<TestRooms>;

export const note = (weight: number, title = "note"): Note => ({ title, weight });

/** Bytes that nobody else has: `seed` in every eighth place. */
export function blobOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= length; at += 8) view.setFloat64(at, seed + at);
  return bytes;
}

export const digestOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

export const cidOf = (bytes: Uint8Array): string => rawCID(digestOf(bytes));
