import { Worker } from "node:worker_threads";
import {
  type Curve,
  G1,
  POINT_BYTES,
  type Point,
  type WasmEngine,
  assert,
  generators,
} from "@foldmesh/algebra";
import { openEngine } from "./engine.ts";
import type { MSMScalars } from "./msm-peers.ts";
import type { RankInit, RankReply, RankRequest } from "./msm-rank.ts";

/** Our Σ kᵢ·Gᵢ, prepared for its bases. */
export interface PreparedMSM extends AsyncDisposable {
  /** Brings scalars into the engine; the sum is what is timed. */
  readonly load: (scalars: MSMScalars) => Promise<() => Promise<Point | null>>;
}

/** On this thread. */
export async function singleMSM(curve: Curve, bases: Uint8Array): Promise<PreparedMSM> {
  const engine = await openEngine();
  const commit = committer(engine, curve, bases);
  return {
    load: async ({ bytes }) => commit(bytes),
    [Symbol.asyncDispose]: async () => engine.close(),
  };
}

/** On `threads` threads over one memory, each with its piece of the bases. */
export async function threadedMSM(
  curve: Curve,
  bases: Uint8Array,
  threads: number,
): Promise<PreparedMSM> {
  const engine = await openEngine();
  const n = bases.length / POINT_BYTES;
  const cuts = Array.from({ length: threads + 1 }, (_, i) => Math.floor((n * i) / threads));
  const ranks = cuts.slice(1).map((end, i) => {
    const piece = bases.subarray(cuts[i]! * POINT_BYTES, end * POINT_BYTES);
    return startRank(engine, curve, piece);
  });
  return {
    load: async ({ bytes }) => {
      const pieces = ranks.map((_, i) => bytes.slice(cuts[i]! * 32, cuts[i + 1]! * 32));
      await Promise.all(ranks.map((rank, i) => rank.call({ load: pieces[i]! })));
      return async () => {
        const points = await Promise.all(ranks.map((rank) => rank.call("sum")));
        return points.reduce((sum, point) => curve.add(sum, point), null);
      };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(ranks.map((rank) => rank.stop()));
      engine.close();
    },
  };
}

interface Rank {
  readonly call: (request: RankRequest) => Promise<Point | null>;
  readonly stop: () => Promise<unknown>;
}

function startRank(engine: WasmEngine, curve: Curve, bases: Uint8Array): Rank {
  const key = engine.describeKey(engine.commitmentKey(curve, bases, blindingOf(curve)));
  const workerData = { engine: engine.init, key } satisfies RankInit;
  const worker = new Worker(new URL("msm-rank.ts", import.meta.url), { workerData });
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        worker.once("error", reject);
        worker.once("message", (reply: RankReply) => {
          worker.off("error", reject);
          resolve(reply);
        });
        worker.postMessage(request);
      }),
    stop: () => worker.terminate(),
  };
}

function committer(
  engine: WasmEngine,
  curve: Curve,
  bases: Uint8Array,
): (scalars: Uint8Array) => () => Promise<Point | null> {
  const key = engine.commitmentKey(curve, bases, blindingOf(curve));
  const field = curve === G1 ? engine.Fp : engine.Fq;
  return (scalars) => {
    const v = field.fromBytes(scalars);
    return () => engine.commit(key, v, 0n);
  };
}

/** A key needs one; the sums are made with a blind of 0. */
function blindingOf(curve: Curve): Point {
  const [point] = generators(curve, "h", 1);
  assert(point !== undefined, "no generator");
  return point;
}
