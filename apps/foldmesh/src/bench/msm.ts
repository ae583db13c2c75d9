import { availableParallelism } from "node:os";
import {
  G1,
  Grumpkin,
  POINT_BYTES,
  deriveG1Generators,
  elementsToBytes,
  generators,
  pointsToBytes,
} from "@foldmesh/algebra";
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "./benchmark.ts";
import { openEngine, randomElements } from "./engine.ts";
import { type PreparedMSM, singleMSM, threadedMSM } from "./msm-engine.ts";
import type { MSMPeer, MSMScalars } from "./msm-peers.ts";
import { leastTimes } from "./timing.ts";

const LABEL = "w";
const TURNS = 5;
/** noble's BigInt takes seconds beyond this size. */
const NOBLE_LOG = 14;

/** How many of a circom witness's scalars are bits; half of the rest are small. */
const BIT_SHARE = 0.9;
const SMALL_SHARE = 0.05;

export const msmBenchmarks: readonly Benchmark[] = [
  {
    names: ["msm-g1", "msm-g1-circom"],
    about: "Σ kᵢ·Gᵢ over BN254 G1: random scalars; a witness-like mix, 90 % bits",
    run: (options) => measureG1(options),
  },
  {
    names: ["msm-grumpkin"],
    about: "the same over Grumpkin, at the size of the CycleFold circuit",
    run: (options) => measureGrumpkin(options),
  },
];

async function* measureG1(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  const logs = options.quick ? [14] : [14, 16, 18];
  const top = 2 ** logs.at(-1)!;
  options.note(`msm-g1: deriving ${top} generators`);
  const bases = await deriveBases(top, options.signal);
  for (const threads of [1, 2]) {
    for (const log of logs) {
      yield* measureSize(bases.subarray(0, 2 ** log * POINT_BYTES), log, threads);
    }
  }
}

async function deriveBases(n: number, signal: AbortSignal): Promise<Uint8Array> {
  using engine = await openEngine();
  return await deriveG1Generators(engine, LABEL, 0, n, { signal });
}

async function* measureSize(
  bases: Uint8Array,
  log: number,
  threads: number,
): AsyncGenerator<Measurement> {
  await using ours = await (threads === 1 ? singleMSM(G1, bases) : threadedMSM(G1, bases, threads));
  await using peers = await openPeers(bases, log, threads);
  const size = `2^${log}`;
  const random = scalarsOf(randomElements(G1.scalar, 2 ** log));
  yield* compare({ name: "msm-g1", size, threads }, ours, peers.list, random);
  const mix = scalarsOf(witnessLike(2 ** log));
  yield* compare({ name: "msm-g1-circom", size, threads }, ours, peers.list, mix);
}

async function* compare(
  what: Pick<Measurement, "name" | "size" | "threads">,
  { load }: PreparedMSM,
  peers: readonly MSMPeer[],
  scalars: MSMScalars,
): AsyncGenerator<Measurement> {
  const sum = await load(scalars);
  const expected = String(await sum());
  for (const peer of peers) {
    if (String(await peer.msm(scalars)) === expected) continue;
    throw new Error(`${what.name} ${what.size} differs from ${peer.name}`);
  }
  const [quick, slow] = [peers.filter(({ slow }) => !slow), peers.filter(({ slow }) => slow)];
  const [ms, ...quickMs] = await leastTimes(
    [sum, ...quick.map((peer) => () => peer.msm(scalars))],
    TURNS,
  );
  const slowMs = await leastTimes(
    slow.map((peer) => () => peer.msm(scalars)),
    1,
  );
  const ours = { ...what, ms: ms! };
  const theirs = [...quickMs, ...slowMs];
  if (peers.length === 0) yield ours;
  for (const [i, { name }] of [...quick, ...slow].entries()) yield against(ours, name, theirs[i]!);
}

/** ffjavascript runs on one core or on all of them; noble on one. */
async function openPeers(
  bases: Uint8Array,
  log: number,
  threads: number,
): Promise<AsyncDisposable & { readonly list: readonly MSMPeer[] }> {
  const { ffjavascriptPeer, noblePeer } = await import("./msm-peers.ts"); // slow to load
  const list: MSMPeer[] = [];
  if (threads === 1 || threads === availableParallelism()) {
    list.push(await ffjavascriptPeer(bases, threads === 1));
  }
  if (threads === 1 && log <= NOBLE_LOG) list.push(noblePeer(bases));
  return {
    list,
    [Symbol.asyncDispose]: async () => {
      for (const peer of list) await peer[Symbol.asyncDispose]();
    },
  };
}

const scalarsOf = (elements: readonly bigint[]): MSMScalars => ({
  elements,
  bytes: elementsToBytes(elements),
});

/** The scalars of a circom witness: bits, a few small values, a few random elements. */
function witnessLike(n: number): bigint[] {
  return randomElements(G1.scalar, n).map((x) => {
    const kind = Number(x & 0xffffn) / 0x10000;
    if (kind < BIT_SHARE) return (x >> 16n) & 1n;
    return kind < BIT_SHARE + SMALL_SHARE ? (x >> 16n) & 0xffff_ffffn : x;
  });
}

async function* measureGrumpkin({ quick, note }: BenchmarkOptions): AsyncGenerator<Measurement> {
  const log = quick ? 10 : 12;
  note(`msm-grumpkin: deriving ${2 ** log} generators`);
  const bases = pointsToBytes(generators(Grumpkin, LABEL, 2 ** log));
  await using ours = await singleMSM(Grumpkin, bases);
  const scalars = scalarsOf(randomElements(Grumpkin.scalar, 2 ** log));
  yield* compare({ name: "msm-grumpkin", size: `2^${log}`, threads: 1 }, ours, [], scalars);
}
