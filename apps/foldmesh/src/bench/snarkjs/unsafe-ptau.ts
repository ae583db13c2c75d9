// Powers of tau as snarkjs prepares them for its second phase, made in seconds because tau is known. UNSAFE FOR
// PRODUCTION: for the benchmark only. Only what the benchmark's setups read is filled in; the rest is zero.

import { open } from "node:fs/promises";
import {
  ELEMENT_BYTES,
  type Engine,
  Fp,
  Fq,
  G2_BYTES,
  POINT_BYTES,
  concatBytes,
  elementsToBytes,
  secureRng,
} from "@foldmesh/algebra";
import { unsafeMultiples } from "@foldmesh/algebra/unsafe-setup";
import type { PeerCurve } from "ffjavascript";

export interface PtauSizes {
  /** log2 of the domains of Groth16 and PLONK */
  readonly groth16: number;
  readonly plonk: number;
}

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface Section {
  readonly type: number;
  readonly size: number;
  readonly pieces: readonly Piece[];
}

/** Writes it for the domains of one circuit. */
export async function writeUnsafePtau(
  path: string,
  engine: Engine,
  curve: PeerCurve,
  sizes: PtauSizes,
): Promise<void> {
  const sections = await sectionsOf(engine, curve, sizes);
  await using file = await open(path, "w");
  const head = concatBytes(new TextEncoder().encode("ptau"), u32s(1, sections.length));
  await file.write(head, 0, head.length, 0);
  let at = head.length;
  for (const { type, size, pieces } of sections) {
    const header = concatBytes(u32s(type), u64(size));
    await file.write(header, 0, header.length, at);
    at += header.length;
    for (const { at: offset, bytes } of pieces) {
      await file.write(bytes, 0, bytes.length, at + offset);
    }
    at += size;
  }
  await file.truncate(at);
}

async function sectionsOf(
  engine: Engine,
  curve: PeerCurve,
  { groth16, plonk }: PtauSizes,
): Promise<Section[]> {
  const rng = secureRng();
  const [tau, alpha, beta] = [rng.element(Fp), rng.element(Fp), rng.element(Fp)];
  const power = Math.max(groth16 + 1, plonk, OWN_POWER);
  const multiples = async (scalars: Uint8Array): Promise<Uint8Array> => {
    const points = await unsafeMultiples(engine, scalars);
    return engine.scope(() =>
      engine.Fq.toBytes(engine.Fq.scale(RADIX, engine.Fq.fromBytes(points))),
    );
  };
  const lagrange = (level: number, factor: bigint): Promise<Uint8Array> =>
    lagrangeAt(engine, curve, { level, tau, factor });
  const g2 = (scalar: Uint8Array): Uint8Array =>
    curve.G2.toAffine(curve.G2.timesScalar(curve.G2.g, scalar));
  const levels = (unit: number, top: number): number => unit * (2 ** (top + 1) - 1);
  const level = (n: number, unit: number, bytes: Uint8Array): Piece => ({
    at: unit * (2 ** n - 1),
    bytes,
  });
  const count = 2 ** (power + 1) - 1;
  const powers = await engine.scope(() => engine.Fp.toBytes(engine.Fp.powers(tau, count)));
  const small = await lagrange(groth16, 1n);
  const G1 = POINT_BYTES;
  const tauLevels: Piece[] = []; // one after the other: an engine's scopes nest
  for (const n of new Set([groth16, groth16 + 1, plonk])) {
    tauLevels.push(level(n, G1, await multiples(await lagrange(n, 1n))));
  }
  const one = elementsToBytes([1n]);
  const header = concatBytes(
    u32s(ELEMENT_BYTES),
    elementsToBytes([Fq.modulus]),
    u32s(power, power),
  );
  const at0 = (bytes: Uint8Array): Piece[] => [{ at: 0, bytes }];
  return [
    { type: 1, size: header.length, pieces: at0(header) },
    { type: 2, size: G1 * count, pieces: at0(await multiples(powers)) },
    {
      type: 3,
      size: G2_BYTES * 2 ** power,
      pieces: at0(concatBytes(g2(one), g2(elementsToBytes([tau])))),
    },
    { type: 4, size: G1, pieces: at0(await multiples(elementsToBytes([alpha]))) },
    { type: 5, size: G1, pieces: at0(await multiples(elementsToBytes([beta]))) },
    { type: 6, size: G2_BYTES, pieces: at0(g2(elementsToBytes([beta]))) },
    {
      type: 12,
      size: levels(G1, power + 1),
      pieces: tauLevels,
    },
    {
      type: 13,
      size: levels(G2_BYTES, power),
      pieces: [level(groth16, G2_BYTES, each(small, ELEMENT_BYTES, G2_BYTES, g2))],
    },
    {
      type: 14,
      size: levels(G1, power),
      pieces: [level(groth16, G1, await multiples(await lagrange(groth16, alpha)))],
    },
    {
      type: 15,
      size: levels(G1, power),
      pieces: [level(groth16, G1, await multiples(await lagrange(groth16, beta)))],
    },
  ];
}

/** factor·Lᵢ(tau) = factor·(tauⁿ − 1)/n · ωⁱ/(tau − ωⁱ) over the domain of n = 2^level. */
function lagrangeAt(
  engine: Engine,
  { Fr }: PeerCurve,
  { level, tau, factor }: { readonly level: number; readonly tau: bigint; readonly factor: bigint },
): Promise<Uint8Array> {
  const { Fp: F } = engine;
  const n = 2 ** level;
  const omega = Fr.toObject(Fr.w[level]!);
  const numerator = Fp.mul(factor, Fp.reduce(Fp.pow(tau, BigInt(n)) - 1n));
  return engine.scope(() => {
    const roots = F.powers(omega, n);
    const distances = F.sub(F.scale(tau, F.powers(1n, n)), roots);
    const scaled = F.scale(Fp.mul(numerator, Fp.inv(BigInt(n))), roots);
    return F.toBytes(F.mul(scaled, F.inverse(distances)));
  });
}

function each(
  bytes: Uint8Array,
  from: number,
  to: number,
  map: (piece: Uint8Array) => Uint8Array,
): Uint8Array {
  const count = bytes.length / from;
  const out = new Uint8Array(count * to);
  for (let n = 0; n < count; n++) out.set(map(bytes.subarray(n * from, (n + 1) * from)), n * to);
  return out;
}

/** Our own commitment key takes 2^15 powers at least, from the same file. */
const OWN_POWER = 15;

const RADIX = Fq.reduce(1n << 256n);

const u32s = (...values: readonly number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(values).buffer);

const u64 = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
