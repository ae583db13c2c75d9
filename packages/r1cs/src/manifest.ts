import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { concatBytes } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import { MAX_STATE_SIZE } from "./step.ts";
import type { SignalShape } from "./sym.ts";
import { isRecord } from "./value.ts";

export const MANIFEST_VERSION = 1;
export const MANIFEST_FILE = "program.json";
/** The files of a program directory beside program.json. */
export const PROGRAM_FILES = ["step.r1cs", "step.wasm", "step.sym"] as const;
export type ProgramFile = (typeof PROGRAM_FILES)[number];

/** program.json: what a program directory holds. */
export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  readonly name: string;
  /** "circom 2.2.3 --O2" */
  readonly compiler: string;
  /** Elements of state, a. */
  readonly stateSize: number;
  readonly constraints: number;
  readonly wires: number;
  readonly privateInputs: readonly SignalShape[];
  readonly files: Readonly<Record<ProgramFile, FileEntry>>;
}

export interface FileEntry {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export const fileEntry = (bytes: Uint8Array): FileEntry => ({
  bytes: bytes.length,
  sha256: bytesToHex(sha256(bytes)),
});

const DIGEST_DOMAIN = new TextEncoder().encode("foldmesh-program-v1");

/**
 * Identifies a program: SHA-256(domain ‖ SHA-256(step.r1cs) ‖ SHA-256(step.wasm)), hexadecimal. Names,
 * symbols and compiler do not count.
 */
export function programDigest({ files }: Manifest): string {
  const [r1cs, wasm] = [files["step.r1cs"], files["step.wasm"]];
  return bytesToHex(
    sha256(concatBytes(DIGEST_DOMAIN, hexToBytes(r1cs.sha256), hexToBytes(wasm.sha256))),
  );
}

/** @throws R1CSError MALFORMED, UNSUPPORTED (version) */
export function parseManifest(text: string): Manifest {
  const json = parseObject(text);
  if (json["version"] !== MANIFEST_VERSION) {
    throw new R1CSError(
      "UNSUPPORTED",
      `program.json has version ${JSON.stringify(json["version"])}, version ${MANIFEST_VERSION} is read: build the program again`,
    );
  }
  return {
    version: MANIFEST_VERSION,
    name: field(json, "name", LABEL_RULE, isLabel),
    compiler: field(json, "compiler", LABEL_RULE, isLabel),
    stateSize: field(json, "stateSize", `1 to ${MAX_STATE_SIZE}`, isStateSize),
    constraints: field(json, "constraints", "a count", isCount),
    wires: field(json, "wires", "a count", isCount),
    privateInputs: field(json, "privateInputs", "a list of signals", isShapes),
    files: field(json, "files", "sizes and hashes of the three files", isFiles),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new R1CSError("MALFORMED", `program.json is not JSON: ${message}`, { cause: error });
  }
  if (!isRecord(json)) throw new R1CSError("MALFORMED", "program.json must be an object");
  return json;
}

function field<T>(
  json: Readonly<Record<string, unknown>>,
  name: string,
  what: string,
  valid: (x: unknown) => boolean,
): T {
  const value = json[name];
  if (!valid(value)) {
    throw new R1CSError(
      "MALFORMED",
      `program.json: "${name}" is missing or not ${what}: build the program again`,
    );
  }
  return value as T;
}

/** What a program may be called. */
export const LABEL_RULE = "a printable text of 1 to 200 characters";
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isStateSize = (x: unknown): boolean => isCount(x) && x >= 1 && x <= MAX_STATE_SIZE;
/** Printable: it is shown on terminals. */
const isText = (x: unknown, most: number): boolean =>
  typeof x === "string" && x.length <= most && /^\P{C}+$/u.test(x);
export const isLabel = (x: unknown): boolean => isText(x, 200);
const isShape = (x: unknown): boolean =>
  isRecord(x) &&
  isText(x["name"], 2000) &&
  Array.isArray(x["size"]) &&
  (x["size"] as unknown[]).every(isCount);
const isShapes = (x: unknown): boolean => Array.isArray(x) && x.every(isShape);
const isFileEntry = (x: unknown): boolean =>
  isRecord(x) &&
  isCount(x["bytes"]) &&
  typeof x["sha256"] === "string" &&
  /^[0-9a-f]{64}$/.test(x["sha256"]);
const isFiles = (x: unknown): boolean =>
  isRecord(x) && PROGRAM_FILES.every((name) => isFileEntry(x[name]));
