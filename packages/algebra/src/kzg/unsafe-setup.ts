// Powers of a tau made on this machine, for tests and benchmarks. UNSAFE FOR PRODUCTION: whoever made them may
// have kept tau, and who knows tau proves whatever he likes. Nothing that ships imports this file.

import {
  ELEMENT_BYTES,
  concatBytes,
  elementsFromBytes,
  elementsToBytes,
  everyOther,
  interleave,
  viewOf,
} from "../bytes.ts";
import { G1, type Point } from "../curve.ts";
import type { Engine, Vec, VectorField } from "../engine.ts";
import { assert } from "../errors.ts";
import { Fp, Fq } from "../field.ts";
import { POINT_BYTES, pointsToBytes } from "../points.ts";
import { secureRng } from "../random.ts";
import { G2_GENERATOR, g2ToBytes, multiplyG2 } from "./g2.ts";
import type { SRS } from "./srs.ts";

/** Bits of a digit of the scalars. */
const WINDOW = 8;
const DIGITS = ELEMENT_BYTES;
const GENERATOR: Point = [1n, 2n];

/** Scalars multiplied at once: bounds memory. */
const BATCH = 4096;

/** [τⁱ]₁, i < count, and [τ]₂. **For tests only.** */
export async function unsafePowers(engine: Engine, tau: bigint, count: number): Promise<SRS> {
  const scalars = await engine.scope(() => engine.Fp.toBytes(engine.Fp.powers(tau, count)));
  return { bases: await unsafeMultiples(engine, scalars), tau2: multiplyG2(Fp.reduce(tau)) };
}

/** [x]₁ for scalars x ≠ 0 that somebody knows. **For tests and benchmarks only.** */
export async function unsafeMultiples(engine: Engine, scalars: Uint8Array): Promise<Uint8Array> {
  const count = scalars.length / ELEMENT_BYTES;
  const tables = shiftedTables();
  const points = new Uint8Array(count * POINT_BYTES);
  for (let done = 0; done < count; done += BATCH) {
    const batch = scalars.subarray(done * ELEMENT_BYTES, (done + BATCH) * ELEMENT_BYTES);
    const multiples = await engine.scope(() => multiplyGenerator(engine.Fq, tables, batch));
    points.set(multiples, done * POINT_BYTES);
  }
  return points;
}

/** For each digit of a scalar the multiples of the generator, each digit's shifted by a random point. */
interface Tables {
  readonly tables: readonly Uint8Array[];
  /** Sum of the shifts. */
  readonly shift: Point;
}

function shiftedTables(): Tables {
  const rng = secureRng();
  const shifts = Array.from({ length: DIGITS }, () => G1.mul(rng.element(Fp), GENERATOR)!);
  return {
    tables: shifts.map((shift, digit) => pointsToBytes(tableOf(digit, shift))),
    shift: shifts.reduce<Point | null>((sum, shift) => G1.add(sum, shift), null)!,
  };
}

/** kᵢ·G: sums of table entries, all lanes at once; the shifts keep every addition from being exceptional. */
async function multiplyGenerator(
  F: VectorField,
  { tables, shift }: Tables,
  scalars: Uint8Array,
): Promise<Uint8Array> {
  const entries = tables.map((table, digit) => load(F, gather(table, scalars, digit)));
  const back = Array.from({ length: entries[0]!.x.length }, () => G1.neg(shift));
  const { x, y } = [...entries, load(F, pointsToBytes(back))].reduce((P, R) => add(F, P, R));
  return interleave(await F.toBytes(x), await F.toBytes(y));
}

/** shift + v·2^(8·digit)·G for v < 256 */
function tableOf(digit: number, shift: Point): Point[] {
  const step = G1.mul(1n << BigInt(WINDOW * digit), GENERATOR);
  const table = [shift];
  while (table.length < 2 ** WINDOW) table.push(G1.add(table.at(-1)!, step)!);
  return table;
}

function gather(table: Uint8Array, scalars: Uint8Array, digit: number): Uint8Array {
  const count = scalars.length / ELEMENT_BYTES;
  const out = new Uint8Array(count * POINT_BYTES);
  for (let n = 0; n < count; n++) {
    const from = POINT_BYTES * scalars[n * ELEMENT_BYTES + digit]!;
    out.set(table.subarray(from, from + POINT_BYTES), n * POINT_BYTES);
  }
  return out;
}

interface PointVecs {
  readonly x: Vec;
  readonly y: Vec;
}

const load = (F: VectorField, points: Uint8Array): PointVecs => ({
  x: F.fromBytes(everyOther(points, 0)),
  y: F.fromBytes(everyOther(points, 1)),
});

/** Affine sums of points with different x. */
function add(F: VectorField, P: PointVecs, R: PointVecs): PointVecs {
  const slope = F.mul(F.sub(R.y, P.y), F.inverse(F.sub(R.x, P.x)));
  const x = F.sub(F.sub(F.mul(slope, slope), P.x), R.x);
  return { x, y: F.sub(F.mul(slope, F.sub(P.x, x)), P.y) };
}

/**
 * A file like snarkjs's with 2^(power+1) − 1 powers, sections 1 to 3 only. **For tests only.**
 * Only the first two points of G2 are what they should be: nothing here reads others.
 */
export async function unsafePtau(engine: Engine, tau: bigint, power: number): Promise<Uint8Array> {
  assert(power >= 1 && power <= 20, "power 1 to 20");
  const { bases, tau2 } = await unsafePowers(engine, tau, 2 ** (power + 1) - 1);
  const montgomeryTau2 = montgomery(g2ToBytes(tau2));
  const g1 = await engine.scope(() => {
    const F = engine.Fq;
    return F.toBytes(F.scale(RADIX, F.fromBytes(bases)));
  });
  return concatBytes(
    new TextEncoder().encode("ptau"),
    u32s(1, 3),
    section(1, u32s(ELEMENT_BYTES), elementsToBytes([Fq.modulus]), u32s(power, power)),
    section(2, g1),
    section(3, montgomery(g2ToBytes(G2_GENERATOR)), repeated(montgomeryTau2, 2 ** power - 1)),
  );
}

const RADIX = Fq.reduce(1n << 256n);

const montgomery = (coordinates: Uint8Array): Uint8Array =>
  elementsToBytes(elementsFromBytes(coordinates, Fq.modulus).map((c) => Fq.mul(c, RADIX)));

function u32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, n) => viewOf(bytes).setUint32(4 * n, value, true));
  return bytes;
}

function section(type: number, ...content: readonly Uint8Array[]): Uint8Array {
  const size = new Uint8Array(8);
  viewOf(size).setBigUint64(0, BigInt(content.reduce((sum, part) => sum + part.length, 0)), true);
  return concatBytes(u32s(type), size, ...content);
}

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const out = new Uint8Array(bytes.length * times);
  for (let n = 0; n < times; n++) out.set(bytes, n * bytes.length);
  return out;
}
