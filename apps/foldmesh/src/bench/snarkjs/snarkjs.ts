// Our proofs beside snarkjs's of the same computation in the same run: N steps of minroot, for us N steps folded, for
// snarkjs one circuit with all of them. Both prove (z0, zN) from the same files on all cores, witnesses included.

import { availableParallelism } from "node:os";
import { type VerifyingKey, deriveKey, openKey, verify } from "@foldmesh/client/verify";
import { MINROOT_ROUNDS, minroot } from "@foldmesh/programs";
import { type KeyChoice, type ProveResult, loadSRS, proveJob } from "@foldmesh/prover";
import { buildBn128 } from "ffjavascript";
import { type Proved, groth16, plonk, zKey } from "snarkjs";
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "../benchmark.ts";
import { leastTimes } from "../timing.ts";
import { type Prepared, prepareBench } from "./prepare.ts";

/** Steps, and the domains that their constraints fill in Groth16 and PLONK. */
const FULL = { steps: 504, sizes: { groth16: 16, plonk: 17 } } as const;
const QUICK = { steps: 30, sizes: { groth16: 12, plonk: 13 } } as const;
const Z0 = [1n, 2n, 0n] as const;
const VERIFY_TURNS = 3;

/** A peer's proof system. */
interface Rival {
  readonly name: "groth16" | "plonk";
  readonly scheme: typeof groth16;
  /** bytes of a proof, points uncompressed */
  readonly bytes: number;
}

const RIVALS: readonly Rival[] = [
  { name: "groth16", scheme: groth16, bytes: 2 * 64 + 128 },
  { name: "plonk", scheme: plonk, bytes: 9 * 64 + 6 * 32 },
];

/** One for each rival: a run takes minutes, its first one many. */
export const snarkjsBenchmarks: readonly Benchmark[] = RIVALS.map((rival) => ({
  names: [`snarkjs-${rival.name}`],
  about: `proving and verifying beside snarkjs's ${rival.name}, of the same computation`,
  run: async function* (options) {
    const { steps, sizes } = options.quick ? QUICK : FULL;
    const prepared = await prepareBench(steps, sizes, options);
    try {
      yield* compare(steps, prepared, rival, options);
    } finally {
      await (await buildBn128(false)).terminate();
    }
  },
}));

/** One of two proof systems, proved once; its verifier is then asked again and again. */
interface Contender {
  readonly name: string;
  readonly proveMs: number;
  readonly bytes: number;
  readonly verify: () => Promise<boolean>;
}

async function* compare(
  steps: number,
  prepared: Prepared,
  rival: Rival,
  options: BenchmarkOptions,
): AsyncGenerator<Measurement> {
  const ours: Contender[] = [];
  for (const key of ["transparent", { ptau: prepared.ptau }] as const) {
    ours.push(await foldmesh(steps, key, prepared, options));
  }
  const peer = await contender(rival, prepared);
  const name = `snarkjs-${rival.name}`;
  const { constraints } = prepared.whole.manifest;
  for (const { name: key, proveMs: ms } of ours) {
    const size = `prove ${constraints}, ${key}`;
    yield against({ name, size, threads: availableParallelism(), ms }, peer.name, peer.proveMs);
  }
  const all = [...ours, peer];
  const times = await leastTimes(
    all.map((each) => async () => require(await each.verify(), each.name)),
    VERIFY_TURNS,
  );
  for (const [n, { name: key, bytes }] of ours.entries()) {
    const measured = { name, size: `verify ${bytes} B, ${key}`, threads: 1, ms: times[n]! };
    yield against(measured, `${peer.name}, ${peer.bytes} B`, times.at(-1)!);
  }
}

async function foldmesh(
  steps: number,
  key: KeyChoice,
  { step: program }: Prepared,
  { cacheDir, signal, note }: BenchmarkOptions,
): Promise<Contender> {
  const name = key === "transparent" ? "transparent" : "kzg";
  const input = { z0: Z0, count: steps };
  // once before, so that the keys of both are cached: snarkjs has its own in a file too
  await proveJob({ program, input: { z0: Z0, count: 1 }, key, cacheDir, signal });
  const started = performance.now();
  const result = await proveJob({ program, input, stepsPerLeaf: steps / 2, key, cacheDir, signal });
  const proveMs = performance.now() - started;
  note(`${name}: ${result.plan.leaves} leaves of 2^${result.plan.logRows} rows`);
  const verifyingKey = await keyFor(program, result, key, cacheDir);
  const expected = { z0: Z0, zn: minroot(Z0, steps), steps };
  const { proof } = result;
  const check = async (): Promise<boolean> => (await verify(verifyingKey, proof, expected)).ok;
  return { name, proveMs, bytes: proof.length, verify: check };
}

async function keyFor(
  program: Prepared["step"],
  { plan: { stepsPerLeaf } }: ProveResult,
  key: KeyChoice,
  cacheDir: string,
): Promise<VerifyingKey> {
  const powers =
    key === "transparent" ? {} : { powers: (n: number) => loadSRS(key.ptau, n, cacheDir) };
  return openKey(await deriveKey(program, { stepsPerLeaf, ...powers }));
}

async function contender(
  { name, scheme, bytes }: Rival,
  { wasm, ...zkeys }: Prepared,
): Promise<Contender> {
  const zkey = zkeys[name];
  const started = performance.now();
  const { proof, publicSignals }: Proved = await scheme.fullProve({ step_in: Z0 }, wasm, zkey);
  const proveMs = performance.now() - started;
  const steps = Number(publicSignals[2]!) / MINROOT_ROUNDS;
  require(publicSignals.slice(0, 3).join() === minroot(Z0, steps).join(), name);
  const key = await zKey.exportVerificationKey(zkey);
  return { name, proveMs, bytes, verify: () => scheme.verify(key, publicSignals, proof) };
}

function require(ok: boolean, name: string): void {
  if (!ok) throw new Error(`${name}: the proof is refused, or proves something else`);
}
