// Compression and verification on one thread under both commitment keys: `node bench/compress.ts [log₂ rows …]`.
// CPU time counts, so a busy machine disturbs little; the best of some runs is shown.

import {
  ELEMENT_BYTES,
  type Engine,
  Fp,
  createEngine,
  deriveG1Generators,
  elementsToBytes,
  plainPoseidon,
  secureRng,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePowers } from "@foldmesh/algebra/unsafe-setup";
import { MatrixBuilder, type R1CS } from "@foldmesh/r1cs";
import {
  type System,
  compressNode,
  decodeVerifierKey,
  deriveSystem,
  encodeVerifierKey,
  ipaLength,
  kzgKey,
  loadCompressor,
  loadSetup,
  loadVerifierKey,
  proveLeaf,
  systemGenerators,
  verifierKeyDigest,
  verifyCompressed,
  verifyCompressedBatch,
  withKey,
} from "../src/index.ts";

/** Rows of a step that fill 2^s, and about as many private wires. */
const STEP_ROWS: Readonly<Record<number, number>> = { 15: 5_500, 16: 37_500 };
const RUNS = 3;
const BATCH = 8;

/** out = in^(2^rows), one state element: a chain of squarings. */
function squarings(rows: number): R1CS {
  const columns = 2 + rows; // 1, out, in, private
  const [A, C] = [new MatrixBuilder(), new MatrixBuilder()];
  for (let x = 0; x < rows; x++) {
    A.push([[2 + x, 1n]]);
    C.push([[x === rows - 1 ? 1 : 3 + x, 1n]]);
  }
  const [a, c] = [A.build(columns), C.build(columns)];
  return { field: Fp, columns, publicCount: 3, A: a, B: a, C: c };
}

function assignment(rows: number, zIn: bigint): bigint[] {
  const chain = [zIn];
  for (let x = 0; x < rows; x++) chain.push(Fp.mul(chain[x]!, chain[x]!));
  return [1n, chain[rows]!, ...chain.slice(0, rows)];
}

async function best<T>(runs: number, body: () => Promise<T>): Promise<{ ms: number; value: T }> {
  let out: { ms: number; value: T } | undefined;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    const value = await body();
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (out === undefined || ms < out.ms) out = { ms, value };
  }
  return out!;
}

type KeyKind = System["key"]["kind"];

/** The system under a key, and its bases. The powers of tau are of this machine: for benchmarks only. */
async function keyed(
  engine: Engine,
  system: System,
  kind: KeyKind,
): Promise<{ system: System; bases: Uint8Array }> {
  const count = ipaLength(system);
  if (kind === "transparent") {
    return { system, bases: await deriveG1Generators(engine, "w", 0, count) };
  }
  const srs = await unsafePowers(engine, secureRng().element(Fp), count);
  return { system: withKey(plainPoseidon(), system, kzgKey(srs, count)), bases: srs.bases };
}

async function measure(s: number, kind: KeyKind): Promise<void> {
  const rows = STEP_ROWS[s];
  if (rows === undefined)
    throw new Error(`no step for 2^${s} rows, only ${Object.keys(STEP_ROWS).join(", ")}`);
  const engine = await createEngine({ load: readModules });
  const { system: unkeyed, structures } = deriveSystem({
    step: squarings(rows),
    generators: systemGenerators(),
    permute: plainPoseidon(),
  });
  const { system, bases } = await keyed(engine, unkeyed, kind);
  const compressor = loadCompressor(loadSetup(engine, system, structures, bases), structures);
  const rng = secureRng();
  const values = assignment(rows, 3n);
  const leaf = await proveLeaf(
    compressor,
    { i: 0n, assignment: elementsToBytes(values), pid: 1n, mask: true },
    rng,
  );
  const proof = await best(RUNS, () => compressNode(compressor, leaf, rng));
  const expected = { z0: [3n], zn: [values[1]!], steps: 1n };
  const verified = await best(RUNS, () =>
    verifyCompressed(compressor.verifier, proof.value, expected),
  );
  const file = encodeVerifierKey(system, squarings(rows), bases);
  const loaded = await best(RUNS, async () => {
    const read = decodeVerifierKey(file, verifierKeyDigest(file), plainPoseidon());
    return loadVerifierKey(engine, read.system, read.structures, read.bases);
  });
  const items = Array.from({ length: BATCH }, () => ({ proof: proof.value, expected }));
  const batch = await best(RUNS, () => verifyCompressedBatch(compressor.verifier, items, rng));
  if ([...verified.value, ...batch.value.flat()].length > 0)
    throw new Error("the proof is refused");
  console.log(
    [
      `2^${system.s} rows, ${kind} key, witness of ${(system.dims.witness * ELEMENT_BYTES) >> 10} KiB, ${engine.name}`,
      `  compress        ${proof.ms.toFixed(0)} ms`,
      `  verify          ${verified.ms.toFixed(0)} ms`,
      `  batch of ${BATCH}      ${(batch.ms / BATCH).toFixed(0)} ms each`,
      `  load key        ${loaded.ms.toFixed(0)} ms`,
      `  proof           ${proof.value.length} bytes`,
      `  verifying key   ${(file.length / 2 ** 20).toFixed(1)} MiB`,
    ].join("\n"),
  );
}

const sizes = process.argv.slice(2).map(Number);
for (const s of sizes.length > 0 ? sizes : [15, 16]) {
  await measure(s, "transparent");
  await measure(s, "kzg");
}
