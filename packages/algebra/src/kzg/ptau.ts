// Powers-of-tau files of snarkjs (powersoftau_new.js), version 1:
//
//   magic "ptau" | version u32 | sections u32 | sections: type u32 | size u64 | content
//   1 header: n8 u32 = 32 | q 32 | power u32 | ceremony power u32
//   2 [τⁱ]₁, i < 2^(power+1) − 1: x ‖ y        3 [τⁱ]₂, i < 2^power: x.c0 ‖ x.c1 ‖ y.c0 ‖ y.c1
//   (4 … 7 and 12 … 15 are of no use here)
//
// Integers are little endian, coordinates 32 little-endian bytes in Montgomery form (times 2²⁵⁶). Files have up
// to hundreds of gigabytes: only the directory, the header and the wanted points are read.

import {
  ELEMENT_BYTES,
  areCanonical,
  elementsFromBytes,
  elementsToBytes,
  everyOther,
  interleave,
  readElement,
  viewOf,
} from "../bytes.ts";
import { G1 } from "../curve.ts";
import type { Engine, Vec, VectorField } from "../engine.ts";
import { AlgebraError } from "../errors.ts";
import { Fq } from "../field.ts";
import { POINT_BYTES, pointsToBytes } from "../points.ts";
import type { Rng } from "../random.ts";
import { G2_BYTES, G2_GENERATOR, type G2Point, g2FromBytes, sameG2 } from "./g2.ts";
import { type SRS, arePowers } from "./srs.ts";

/** Bytes somewhere. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `at`, which lie within the size. */
  read(at: number, length: number): Promise<Uint8Array>;
}

const MAGIC = 0x75617470; // "ptau"
const VERSION = 1;
const PREFIX_BYTES = 12;
const SECTION_HEADER_BYTES = 12;
const MAX_SECTIONS = 32;
const HEADER_BYTES = 4 + ELEMENT_BYTES + 8;
/** The largest ceremony has 2^28. */
const MAX_POWER = 28;
const SECTION = { header: 1, tauG1: 2, tauG2: 3 } as const;
/** Points decoded at once: bounds memory. */
const CHUNK_POINTS = 2 ** 14;

/** Where the points of a file are. */
export interface PtauLayout {
  readonly power: number;
  readonly tauG1: number;
  readonly tauG2: number;
}

const malformed = (what: string): AlgebraError =>
  new AlgebraError("SRS_FORMAT", `not a powers-of-tau file of snarkjs for BN254: ${what}`);
const invalid = (what: string): AlgebraError =>
  new AlgebraError(
    "SRS_INVALID",
    `not powers of a tau: ${what}; get the file again from its ceremony`,
  );

interface Section {
  readonly at: number;
  readonly size: number;
}

// ---- directory and header

/** @throws AlgebraError SRS_FORMAT */
export async function readPtauLayout(source: ByteSource): Promise<PtauLayout> {
  const sections = await readDirectory(source);
  const power = await readPower(source, requireSection(sections, SECTION.header, HEADER_BYTES));
  const g1 = requireSection(sections, SECTION.tauG1, POINT_BYTES * (2 ** (power + 1) - 1));
  const g2 = requireSection(sections, SECTION.tauG2, G2_BYTES * 2 ** power);
  return { power, tauG1: g1.at, tauG2: g2.at };
}

/** Reads within the file; a file that ends before is no such file. */
async function readAt(source: ByteSource, at: number, length: number): Promise<DataView> {
  if (at + length > source.size) throw malformed(`it ends after ${source.size} bytes`);
  return viewOf(await source.read(at, length));
}

async function readDirectory(source: ByteSource): Promise<ReadonlyMap<number, Section>> {
  const prefix = await readAt(source, 0, PREFIX_BYTES);
  if (prefix.getUint32(0, true) !== MAGIC) throw malformed('it does not begin with "ptau"');
  const version = prefix.getUint32(4, true);
  if (version !== VERSION) throw malformed(`version ${version}, this build reads ${VERSION}`);
  const count = prefix.getUint32(8, true);
  if (count > MAX_SECTIONS) throw malformed(`it claims ${count} sections`);
  const sections = new Map<number, Section>();
  for (let n = 0, at = PREFIX_BYTES; n < count; n++) {
    const header = await readAt(source, at, SECTION_HEADER_BYTES);
    const type = header.getUint32(0, true);
    const size = Number(header.getBigUint64(4, true));
    at += SECTION_HEADER_BYTES;
    if (at + size > source.size) throw malformed(`section ${type} ends behind the file`);
    if (sections.has(type)) throw malformed(`it has section ${type} twice`);
    sections.set(type, { at, size });
    at += size;
  }
  return sections;
}

function requireSection(
  sections: ReadonlyMap<number, Section>,
  type: number,
  size: number,
): Section {
  const section = sections.get(type);
  if (section === undefined) throw malformed(`section ${type} is missing`);
  if (section.size !== size) {
    throw malformed(`section ${type} has ${section.size} bytes, expected ${size}`);
  }
  return section;
}

async function readPower(source: ByteSource, { at }: Section): Promise<number> {
  const header = await readAt(source, at, HEADER_BYTES);
  const n8 = header.getUint32(0, true);
  if (n8 !== ELEMENT_BYTES || readElement(header, 4) !== Fq.modulus) {
    throw malformed("it is of another curve");
  }
  const power = header.getUint32(4 + ELEMENT_BYTES, true);
  const ceremony = header.getUint32(8 + ELEMENT_BYTES, true);
  if (power < 1 || power > MAX_POWER || ceremony < power || ceremony > MAX_POWER) {
    throw malformed(`power ${power} of a ceremony of ${ceremony}`);
  }
  return power;
}

// ---- points

/**
 * The first `count` powers, checked: every point on its curve, the first ones the generators, τ neither 0 nor
 * 1, and all of them powers of one τ. A file that passes is a commitment key; that nobody knows its τ is
 * the ceremony's word alone.
 *
 * The check leaves a key of `count` bases in the engine: give it an engine of its own.
 * @param rng must be unpredictable to whoever made the file
 * @throws AlgebraError SRS_FORMAT, SRS_TOO_SMALL, SRS_INVALID
 * @example const srs = await readPtau(engine, source, 2 ** 16, secureRng());
 */
export async function readPtau(
  engine: Engine,
  source: ByteSource,
  count: number,
  rng: Rng,
): Promise<SRS> {
  const srs = await readKnownPtau(engine, source, count);
  const key = engine.commitmentKey(G1, srs.bases, GENERATOR);
  if (!(await arePowers(engine, key, srs.tau2, rng))) throw invalid("the pairings differ");
  return srs;
}

/**
 * The same of a file that `readPtau` has passed before: everything but that the points are powers of one τ.
 * @throws AlgebraError SRS_FORMAT, SRS_TOO_SMALL, SRS_INVALID
 */
export async function readKnownPtau(
  engine: Engine,
  source: ByteSource,
  count: number,
): Promise<SRS> {
  const layout = await readPtauLayout(source);
  const available = 2 ** (layout.power + 1) - 1;
  if (count > available) {
    throw new AlgebraError(
      "SRS_TOO_SMALL",
      `the program needs ${count} powers of tau, this file has ${available}: take one of power ${Math.ceil(Math.log2(count + 1)) - 1} or more`,
    );
  }
  const tau2 = await readTau2(source, layout);
  return { bases: await readBases(engine, source, layout, count), tau2 };
}

const GENERATOR = [1n, 2n] as const;

const RADIX_INVERSE = Fq.inv(1n << 256n);

/**
 * [τ]₂, a point of the group of order p other than the generator: it determines all other powers, so it names
 * the file's content.
 * @throws AlgebraError SRS_FORMAT, SRS_INVALID
 */
export async function readTau2(source: ByteSource, { tauG2 }: PtauLayout): Promise<G2Point> {
  const bytes = viewBytes(await readAt(source, tauG2, 2 * G2_BYTES));
  const one2 = readG2(bytes.subarray(0, G2_BYTES), 0);
  const tau2 = readG2(bytes.subarray(G2_BYTES), 1);
  if (!sameG2(one2, G2_GENERATOR)) throw invalid("the first point of G2 is not the generator");
  if (sameG2(tau2, G2_GENERATOR)) throw invalid("tau is 1: nobody has contributed yet");
  return tau2;
}

const viewBytes = (view: DataView): Uint8Array =>
  new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);

function readG2(bytes: Uint8Array, index: number): G2Point {
  try {
    const coordinates = elementsFromBytes(bytes, Fq.modulus);
    return g2FromBytes(elementsToBytes(coordinates.map((c) => Fq.mul(c, RADIX_INVERSE))));
  } catch (error) {
    if (!(error instanceof AlgebraError)) throw error;
    throw invalid(`point ${index} of G2 is none`);
  }
}

async function readBases(
  engine: Engine,
  source: ByteSource,
  { tauG1 }: PtauLayout,
  count: number,
): Promise<Uint8Array> {
  const bases = new Uint8Array(count * POINT_BYTES);
  for (let done = 0; done < count; done += CHUNK_POINTS) {
    const points = Math.min(CHUNK_POINTS, count - done);
    const at = tauG1 + done * POINT_BYTES;
    const bytes = viewBytes(await readAt(source, at, points * POINT_BYTES));
    if (!areCanonical(bytes, Fq.modulus)) throw invalid("a coordinate is not below the modulus");
    const chunk = await engine.scope(() => decodePoints(engine.Fq, bytes));
    if (chunk === null) {
      throw invalid(`not all of the points ${done} to ${done + points - 1} are on the curve`);
    }
    bases.set(chunk, done * POINT_BYTES);
  }
  const first = pointsToBytes([GENERATOR]);
  if (!first.every((byte, n) => byte === bases[n])) {
    throw invalid("the first point of G1 is not the generator");
  }
  return bases;
}

/** Canonical bytes of points in Montgomery form; null when one is not on the curve. */
async function decodePoints(F: VectorField, bytes: Uint8Array): Promise<Uint8Array | null> {
  const coordinate = (which: 0 | 1): Vec =>
    F.scale(RADIX_INVERSE, F.fromBytes(everyOther(bytes, which)));
  const [x, y] = [coordinate(0), coordinate(1)];
  const b = F.scale(G1.b, F.powers(1n, x.length));
  const residue = F.sub(F.mul(y, y), F.add(F.mul(F.mul(x, x), x), b));
  if (!(await F.isZero(residue))) return null;
  return interleave(await F.toBytes(x), await F.toBytes(y));
}
