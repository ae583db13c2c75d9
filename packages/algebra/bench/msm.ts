// Multi-scalar multiplication against ffjavascript (wasmcurves) in one run:
//   node bench/msm.ts [sizes, default 14,16,18] [rounds, default 5] [G1,Grumpkin]
// Candidates take turns, so that a busy machine disturbs all of them alike; every result is checked.
// ffjavascript has no Grumpkin: there its time on G1 (same cost by construction) is the reference.

// @ts-expect-error no types
import { buildBn128 } from "ffjavascript";
import {
  type Curve,
  type Engine,
  G1,
  Grumpkin,
  type Point,
  type Vec,
  type WasmEngine,
  attachEngine,
  createEngine,
} from "../src/index.ts";
import { wasmMSM } from "../src/msm/msm.ts";
import { spawnNodeRank } from "../src/pool/node-worker.ts";
import { Pool } from "../src/pool/pool.ts";
import { readModules } from "../src/wasm/load-node.ts";
import {
  type BenchBases,
  type ScalarKind,
  drawScalars,
  knownSum,
  makeBases,
  scalarBytes,
} from "./msm-inputs.ts";

export interface BenchMSMOptions {
  /** log2 of the numbers of bases. */
  readonly sizes?: readonly number[];
  readonly rounds?: number;
  readonly curves?: readonly Curve[];
}

/** Times of one candidate in ms; the ratios are ffjavascript's times with as many threads, over ours. */
export interface BenchMSMLine {
  readonly curve: string;
  readonly log2n: number;
  readonly scalars: ScalarKind;
  readonly candidate: string;
  readonly threads: number;
  readonly min: number;
  readonly median: number;
  /** Least processor time of the whole process: what counts on a busy machine. */
  readonly cpu: number;
  readonly ratioMin: number;
  readonly ratioMedian: number;
  readonly ratioCPU: number;
}

interface Candidate {
  readonly name: string;
  readonly threads: number;
  readonly run: () => Promise<unknown>;
}

const PEER = "ffjavascript";
const TABLE_BYTES = 64 * 2 ** 20;

/** @param report called with each line as it is known @throws when a result is wrong */
export async function benchMSM(
  report: (line: BenchMSMLine) => void,
  { sizes = [14, 16, 18], rounds = 5, curves = [G1, Grumpkin] }: BenchMSMOptions = {},
): Promise<void> {
  const peers = [await buildBn128(true), await buildBn128(false)];
  try {
    for (const log2n of sizes) {
      for (const curve of curves) {
        const setup = await openSetup(curve, 2 ** log2n, peers);
        try {
          for (const kind of ["random", "circom-like"] as const) {
            const times = await measure(await candidatesOf(setup, kind), rounds);
            linesOf(curve, log2n, kind, times).forEach(report);
          }
        } finally {
          await setup.pool.close();
        }
      }
    }
  } finally {
    for (const peer of peers) await peer.terminate();
  }
}

interface Setup {
  readonly bases: BenchBases;
  readonly engines: Readonly<Record<string, WasmEngine>>;
  readonly pool: Pool;
  /** ffjavascript's curve objects, for one and more threads, and its form of G1's bases. */
  readonly peers: readonly any[];
  readonly peerBases: Uint8Array;
}

async function openSetup(curve: Curve, n: number, peers: readonly any[]): Promise<Setup> {
  const plain = await createEngine({ load: readModules });
  const tables = attachEngine(plain.init, (context) =>
    wasmMSM(context, { tableBytes: TABLE_BYTES }),
  );
  const int29 = await createEngine({ load: readModules, backend: "int29" });
  const pool = await Pool.open({ engine: plain, threads: 2, spawn: spawnNodeRank });
  const bases = await makeBases(plain, curve, n);
  const onG1 = curve === G1 ? bases : await makeBases(plain, G1, n);
  const engines = { [plain.name]: plain, [`${plain.name}, tables`]: tables, int29 };
  return { bases, engines, pool, peers, peerBases: montgomeryBases(peers[0], onG1.bytes) };
}

function montgomeryBases(peer: any, bytes: Uint8Array): Uint8Array {
  const { tm } = peer;
  const { exports } = tm.instance;
  const at = tm.alloc(64);
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 64) {
    tm.setBuff(at, bytes.subarray(i, i + 64));
    exports.f1m_toMontgomery(at, at);
    exports.f1m_toMontgomery(at + 32, at + 32);
    out.set(tm.getBuff(at, 64), i);
  }
  return out;
}

async function candidatesOf(setup: Setup, kind: ScalarKind): Promise<Candidate[]> {
  const { bases, engines, pool, peers, peerBases } = setup;
  const { curve } = bases;
  const scalars = drawScalars(curve.scalar, bases.logs.length, kind);
  const expected = knownSum(bases, scalars);
  const checked = async (point: Promise<Point | null>): Promise<void> => {
    const found = await point;
    if (String(found) !== String(expected))
      throw new Error(`${String(found)}, not ${String(expected)}`);
  };
  const peerScalars = scalarBytes(scalars);
  const peer = async (ff: any): Promise<Point> => {
    const result = await ff.G1.multiExpAffine(peerBases, peerScalars);
    return peers[0].G1.toObject(peers[0].G1.toAffine(result)).slice(0, 2);
  };
  const candidates: Candidate[] = peers.map((ff, i) => ({
    name: PEER,
    threads: i + 1,
    run: () => (curve === G1 ? checked(peer(ff)) : peer(ff)),
  }));
  for (const [name, engine] of Object.entries(engines)) {
    const [key, v] = prepare(engine, bases, scalars);
    candidates.push({ name, threads: 1, run: () => checked(engine.commit(key, v, 0n)) });
    if (engine !== pool.engine) continue;
    candidates.push({ name, threads: 2, run: () => checked(pool.commit(key, v, 0n)) });
  }
  return candidates;
}

const keys = new WeakMap<Engine, ReturnType<Engine["commitmentKey"]>>();

function prepare(
  engine: WasmEngine,
  { curve, bytes }: BenchBases,
  scalars: readonly bigint[],
): [ReturnType<Engine["commitmentKey"]>, Vec] {
  let key = keys.get(engine);
  if (key === undefined) {
    const blinding: Point = curve === G1 ? [1n, 2n] : [1n, curve.base.sqrt(-16n)!];
    key = engine.commitmentKey(curve, bytes, blinding);
    keys.set(engine, key);
  }
  return [key, engine[curve.scalar.name].fromElements(scalars)];
}

interface Times {
  readonly candidate: Candidate;
  readonly wall: number[];
  readonly cpu: number[];
}

/** Rounds in which every candidate has one turn, after one that does not count. */
async function measure(candidates: readonly Candidate[], rounds: number): Promise<Times[]> {
  const times: Times[] = candidates.map((candidate) => ({ candidate, wall: [], cpu: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { candidate, wall, cpu } of times) {
      const [start, used] = [performance.now(), process.cpuUsage()];
      await candidate.run();
      const { user, system } = process.cpuUsage(used);
      if (round === 0) continue;
      wall.push(performance.now() - start);
      cpu.push((user + system) / 1000);
    }
  }
  return times;
}

const minimum = (ms: readonly number[]): number => Math.min(...ms);
const median = (ms: readonly number[]): number => ms.toSorted((a, b) => a - b)[ms.length >> 1]!;

function linesOf(curve: Curve, log2n: number, scalars: ScalarKind, times: Times[]): BenchMSMLine[] {
  return times.map(({ candidate: { name, threads }, wall, cpu }) => {
    const peer = times.find(
      ({ candidate }) => candidate.name === PEER && candidate.threads === threads,
    )!;
    return {
      curve: curve.name,
      log2n,
      scalars,
      candidate: name,
      threads,
      min: minimum(wall),
      median: median(wall),
      cpu: minimum(cpu),
      ratioMin: minimum(peer.wall) / minimum(wall),
      ratioMedian: median(peer.wall) / median(wall),
      ratioCPU: minimum(peer.cpu) / minimum(cpu),
    };
  });
}

function print(line: BenchMSMLine): void {
  const what = `${line.curve} 2^${line.log2n} ${line.scalars}`.padEnd(26);
  const who = `${line.candidate}, ${line.threads} thread${line.threads > 1 ? "s" : ""}`.padEnd(26);
  const times = [line.min, line.median, line.cpu].map((ms) => ms.toFixed(1).padStart(8)).join(" /");
  const ratios = [line.ratioMin, line.ratioMedian, line.ratioCPU]
    .map((ratio) => `${ratio.toFixed(2).padStart(6)}×`)
    .join(" /");
  console.log(`${what} ${who} ${times} ms ${ratios}`);
}

if (import.meta.main) {
  console.log("times and ratios: least wall / median wall / least CPU");
  const [sizes, rounds, curves] = process.argv.slice(2);
  await benchMSM(print, {
    ...(sizes === undefined ? {} : { sizes: sizes.split(",").map(Number) }),
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
    ...(curves === undefined
      ? {}
      : { curves: curves.split(",").map((name) => (name === "G1" ? G1 : Grumpkin)) }),
  });
}
