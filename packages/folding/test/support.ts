import { readFileSync } from "node:fs";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  ELEMENT_BYTES,
  type Engine,
  Fp,
  type PrimeField,
  type Rng,
  bigintEngine,
  elementsToBytes,
  generators,
  G1,
  integerFromBytesBE,
  plainPoseidon,
  pointsToBytes,
} from "@foldmesh/algebra";
import { MatrixBuilder, type R1CS, type Row } from "@foldmesh/r1cs";
import { type Setup, deriveSystem, loadSetup, systemGenerators } from "../src/index.ts";

/** A reference vector file; 64-digit hex strings become bigints. */
export function readVectors(name: string): any {
  const url = new URL(`../../../test/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"), (_, x) =>
    typeof x === "string" && /^0x[0-9a-f]{64}$/.test(x) ? BigInt(x) : x,
  );
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const digestBytes = (bytes: Uint8Array): string => hex(sha256(bytes));
export const digestElements = (elements: readonly bigint[]): string =>
  digestBytes(elementsToBytes(elements));

/** The reference's deterministic randomness: draw k is SHA-512("foldmesh-refspec-rng-v1" 0 seed 0 u32be(k)). */
export function referenceRng(seed: string): Rng {
  const prefix = new TextEncoder().encode(`foldmesh-refspec-rng-v1\0${seed}\0`);
  let k = 0;
  const element = (field: PrimeField): bigint => {
    const message = new Uint8Array(prefix.length + 4);
    message.set(prefix);
    new DataView(message.buffer).setUint32(prefix.length, k++);
    return field.reduce(integerFromBytesBE(sha512(message)));
  };
  return { element, elements: (field, n) => Array.from({ length: n }, () => element(field)) };
}

/** A step circuit written row by row, for a = 1 … 4: out_n = in_n · in_(n+1 mod a) + w_n, and `extra` idle rows. */
export function productStep(a: number, extra = 0): R1CS {
  const column = {
    out: (n: number) => 1 + n,
    in: (n: number) => 1 + a + n,
    w: (n: number) => 1 + 2 * a + n,
  };
  const columns = 1 + 3 * a + extra;
  const [A, B, C] = [new MatrixBuilder(), new MatrixBuilder(), new MatrixBuilder()];
  const push = (x: Row, y: Row, z: Row) => {
    A.push(x);
    B.push(y);
    C.push(z);
  };
  for (let n = 0; n < a; n++) {
    push(
      [[column.in(n), 1n]],
      [[column.in((n + 1) % a), 1n]],
      [
        [column.out(n), 1n],
        [column.w(n), Fp.modulus - 1n],
      ],
    );
  }
  for (let n = 0; n < extra; n++) {
    const idle = 1 + 3 * a + n; // idle · idle = idle
    push([[idle, 1n]], [[idle, 1n]], [[idle, 1n]]);
  }
  return {
    field: Fp,
    columns,
    publicCount: 1 + 2 * a,
    A: A.build(columns),
    B: B.build(columns),
    C: C.build(columns),
  };
}

/** The honest assignment of `productStep`. */
export function productAssignment(zIn: readonly bigint[], w: bigint, extra = 0): bigint[] {
  const a = zIn.length;
  const out = zIn.map((z, n) => Fp.reduce(z * zIn[(n + 1) % a]! + w + BigInt(n)));
  const ws = zIn.map((_, n) => Fp.reduce(w + BigInt(n)));
  return [1n, ...out, ...zIn, ...ws, ...Array.from({ length: extra }, (_, n) => BigInt(n % 2))];
}

/** A setup on the BigInt engine, or on `engine`. */
export function setupFor(step: R1CS, engine: Engine = bigintEngine(), bases?: Uint8Array): Setup {
  const { system, structures } = deriveSystem({
    step,
    generators: smallGenerators(),
    permute: plainPoseidon(),
  });
  const wBases = bases ?? pointsToBytes(generators(G1, "w", system.dims.witness));
  return loadSetup(engine, system, structures, wBases);
}

let cached: ReturnType<typeof systemGenerators> | undefined;
/** Derived once for a test process. */
export const smallGenerators = (): ReturnType<typeof systemGenerators> =>
  (cached ??= systemGenerators());

export const assignmentBytes = (assignment: readonly bigint[]): Uint8Array =>
  elementsToBytes(assignment);

export const elementAt = (bytes: Uint8Array, n: number): Uint8Array =>
  bytes.subarray(n * ELEMENT_BYTES, (n + 1) * ELEMENT_BYTES);
