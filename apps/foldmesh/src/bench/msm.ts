import { availableParallelism } from "node:os";
import {
  type Curve,
  type Engine,
  G1,
  Grumpkin,
  POINT_BYTES,
  type Point,
  deriveG1Generators,
  elementsToBytes,
  generators,
  pointsToBytes,
} from "@foldmesh/algebra";
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "./benchmark.ts";
import { openEngine, randomElements } from "./engine.ts";
import type { MSMPeer, MSMScalars } from "./msm-peers.ts";
import { medianTime } from "./timing.ts";

const LABEL = "w";
const RUNS = 3;
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
      const some = bases.subarray(0, 2 ** log * POINT_BYTES);
      yield* measureSize(some, log, threads);
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
  using engine = await openEngine(threads);
  await using peers = await openPeers(bases, log, threads);
  const commit = committer(engine, G1, bases);
  for (const [name, scalars] of [
    ["msm-g1", scalarsOf(randomElements(G1.scalar, 2 ** log))],
    ["msm-g1-circom", scalarsOf(witnessLike(2 ** log))],
  ] as const) {
    const ours = commit(scalars);
    const ms = await medianTime({ runs: RUNS }, ours);
    const measured = { name, size: `2^${log}`, threads, ms };
    if (peers.list.length === 0) yield measured;
    for (const peer of peers.list) yield await compare(measured, peer, scalars, await ours());
  }
}

async function compare(
  measured: Measurement,
  peer: MSMPeer,
  scalars: MSMScalars,
  sum: Point | null,
): Promise<Measurement> {
  const theirs = await peer.msm(scalars);
  if (String(theirs) !== String(sum)) throw new Error(`${measured.name} differs from ${peer.name}`);
  const runs = peer.name === "ffjavascript" ? RUNS : 1;
  const peerMs = await medianTime({ runs, warmUp: 0 }, () => peer.msm(scalars));
  return against(measured, peer.name, peerMs);
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
  const random = randomElements(G1.scalar, n);
  return random.map((x) => {
    const kind = Number(x & 0xffffn) / 0x10000;
    if (kind < BIT_SHARE) return (x >> 16n) & 1n;
    return kind < BIT_SHARE + SMALL_SHARE ? (x >> 16n) & 0xffff_ffffn : x;
  });
}

/** Prepares Σ kᵢ·Gᵢ on an engine; the scalars are in the engine before the clock starts. */
function committer(
  engine: Engine,
  curve: Curve,
  bases: Uint8Array,
): (scalars: MSMScalars) => () => Promise<Point | null> {
  const [blinding] = generators(curve, "h", 1);
  const key = engine.commitmentKey(curve, bases, blinding!);
  const field = curve.scalar.name;
  return ({ bytes }) => {
    const v = engine[field].fromBytes(bytes);
    return () => engine.commit(key, v, 0n);
  };
}

async function* measureGrumpkin({ quick, note }: BenchmarkOptions): AsyncGenerator<Measurement> {
  const log = quick ? 10 : 12;
  note(`msm-grumpkin: deriving ${2 ** log} generators`);
  using engine = await openEngine();
  const bases = pointsToBytes(generators(Grumpkin, LABEL, 2 ** log));
  const commit = committer(engine, Grumpkin, bases);
  const ours = commit(scalarsOf(randomElements(Grumpkin.scalar, 2 ** log)));
  const ms = await medianTime({ runs: 5 }, ours);
  yield { name: "msm-grumpkin", size: `2^${log}`, threads: 1, ms };
}
