import { Fp } from "@foldmesh/algebra";
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "./benchmark.ts";
import { openEngine, randomElements } from "./engine.ts";
import { leastTimes } from "./timing.ts";

type Hash = (inputs: bigint[]) => bigint;

interface Peer {
  readonly name: string;
  /** Makes a run over all inputs; what it does before is not measured. */
  readonly prepare: (inputs: readonly bigint[][]) => () => bigint;
}

/** The same hashes by all: 2 and 16 inputs, that is t = 3 and 17. */
export const poseidonBenchmark: Benchmark = {
  names: ["poseidon"],
  about: "a batch of Poseidon hashes, t = 3 and t = 17; ms for the whole batch",
  run: async function* (options) {
    const { poseidon2, poseidon16 } = await import("poseidon-lite");
    const circomlibjs = await circomlibjsPeer();
    yield* measureWidth(3, [circomlibjs, litePeer(poseidon2)], options);
    yield* measureWidth(17, [circomlibjs, litePeer(poseidon16)], options);
  },
};

async function* measureWidth(
  t: number,
  peers: readonly Peer[],
  { quick }: BenchmarkOptions,
): AsyncGenerator<Measurement> {
  const n = quick ? 256 : 2048;
  using engine = await openEngine();
  const inputs = Array.from({ length: n }, () => randomElements(Fp, t - 1));
  const states = inputs.map((xs) => [0n, ...xs]);
  const expected = (await engine.permuteAll(states)).at(-1)?.[0];
  const what = { name: "poseidon", size: `t=${t} ×${n}`, threads: 1 };
  for (const { name, prepare } of peers) {
    const run = prepare(inputs);
    if (run() !== expected) throw new Error(`poseidon differs from ${name}`);
    const [ms, peerMs] = await leastTimes([() => engine.permuteAll(states), run], 3);
    yield against({ ...what, ms: ms! }, name, peerMs!);
  }
}

async function circomlibjsPeer(): Promise<Peer> {
  const { buildPoseidon } = await import("circomlibjs"); // slow to load
  const hash = await buildPoseidon();
  return {
    name: "circomlibjs (wasm)",
    prepare: (inputs) => {
      const encoded = inputs.map((xs) => Uint8Array.from(xs.flatMap((x) => [...hash.F.e(x)])));
      return () => hash.F.toObject(encoded.map((xs) => hash(xs)).at(-1)!);
    },
  };
}

const litePeer = (hash: Hash): Peer => ({
  name: "poseidon-lite",
  prepare: (inputs) => () => inputs.map((xs) => hash(xs)).at(-1)!,
});
