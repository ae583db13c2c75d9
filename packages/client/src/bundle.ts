// A program as one blob: canonical DAG-CBOR { manifest, files }, the manifest as the text of program.json.
// The blob's CID names it between peers; `openProgram` then holds every file to the manifest's hashes.

import {
  type Codec,
  ProtocolError,
  bytes,
  decodeCanonical,
  encodeCanonical,
  struct,
  text,
} from "@foldmesh/protocol";
import {
  type Manifest,
  type Program,
  type ProgramBytes,
  R1CSError,
  openProgram,
  parseManifest,
} from "@foldmesh/r1cs";
import { ClientError } from "./errors.ts";

/** The most bytes of a bundle that nodes fetch. */
export const MAX_BUNDLE_BYTES: number = 2 ** 30;
const MAX_MANIFEST_CHARACTERS = 2 ** 22;
/** Two maps with their names and values. */
const BUNDLE_ITEMS = 11;

/** A program's files, as a dApp has them. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly files: ProgramBytes;
}

interface BundleData {
  readonly manifest: string;
  readonly files: ProgramBytes;
}

const file = bytes(0, MAX_BUNDLE_BYTES);
const bundle: Codec<BundleData> = struct<BundleData>({
  manifest: text(MAX_MANIFEST_CHARACTERS),
  files: struct<ProgramBytes>({ "step.r1cs": file, "step.wasm": file, "step.sym": file }),
});

export const encodeBundle = ({ manifest, files }: Bundle): Uint8Array =>
  encodeCanonical(bundle, { manifest: JSON.stringify(manifest), files });

/** @throws ClientError BAD_BUNDLE when the bytes are no program that can be proved */
export function openBundle(blob: Uint8Array): Program {
  try {
    const { manifest, files } = decodeCanonical(bundle, blob, "program bundle", BUNDLE_ITEMS);
    return openProgram(parseManifest(manifest), files);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof R1CSError)) throw error;
    throw new ClientError("BAD_BUNDLE", `not a program: ${error.message}`, { cause: error });
  }
}
