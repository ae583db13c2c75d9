import { readFileSync } from "node:fs";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  type Engine,
  Fp,
  type PrimeField,
  type Rng,
  createEngine,
  deriveG1Generators,
  elementsToBytes,
  integerFromBytesBE,
  plainPoseidon,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { MatrixBuilder, type R1CS, type Row } from "@foldmesh/r1cs";
import {
  type Setup,
  type SystemGenerators,
  deriveSystem,
  loadSetup,
  systemGenerators,
} from "../src/index.ts";

/** A reference vector file; 64-digit hex strings become bigints. */
export function readVectors(name: string): any {
  const url = new URL(`../../../test/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"), (_, x) =>
    typeof x === "string" && /^0x[0-9a-f]{64}$/.test(x) ? BigInt(x) : x,
  );
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const digestBytes = (bytes: Uint8Array): string => hex(sha256(bytes));

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

/**
 * A step circuit written row by row, for a = 1 … 4: out_n = in_n · in_(n+1 mod a) + w_n, and `idleRows` rows
 * over few columns, to make it as large as wanted.
 */
export function productStep(a: number, idleRows = 0): R1CS {
  const column = {
    out: (n: number) => 1 + n,
    in: (n: number) => 1 + a + n,
    w: (n: number) => 1 + 2 * a + n,
  };
  const columns = 1 + 3 * a + idleColumns(idleRows);
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
  for (let n = 0; n < idleRows; n++) {
    const idle = 1 + 3 * a + (n % idleColumns(idleRows)); // idle · idle = idle
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

const idleColumns = (idleRows: number): number => Math.min(idleRows, 100);

/** The honest assignment of `productStep`. */
export function productAssignment(zIn: readonly bigint[], w: bigint, idleRows = 0): bigint[] {
  const a = zIn.length;
  const out = zIn.map((z, n) => Fp.reduce(z * zIn[(n + 1) % a]! + w + BigInt(n)));
  const ws = zIn.map((_, n) => Fp.reduce(w + BigInt(n)));
  const idle = Array.from({ length: idleColumns(idleRows) }, (_, n) => BigInt(n % 2));
  return [1n, ...out, ...zIn, ...ws, ...idle];
}

// ---- what is made once for a test process (vitest.config.ts keeps modules between files)

/** Calls `make` at the first call only. */
export const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

export const smallGenerators: () => SystemGenerators = once(systemGenerators);

/** The engine of every test but those that compare with the BigInt twin. */
export const testEngine: () => Promise<Engine> = once(() => createEngine({ load: readModules }));

const WITNESS_LIMIT = 32_768;
/** Enough for every test's system. */
export const wGenerators: () => Promise<Uint8Array> = once(async () =>
  deriveG1Generators(await testEngine(), "w", 0, WITNESS_LIMIT),
);

/** A setup of a step circuit on the test engine, or on `engine`. */
export async function setupFor(step: R1CS, engine?: Engine, context = 0n): Promise<Setup> {
  const { system, structures } = deriveSystem({
    step,
    context,
    generators: smallGenerators(),
    permute: plainPoseidon(),
  });
  return loadSetup(engine ?? (await testEngine()), system, structures, await wGenerators());
}

export const assignmentBytes = (assignment: readonly bigint[]): Uint8Array =>
  elementsToBytes(assignment);
