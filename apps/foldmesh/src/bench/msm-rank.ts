// A thread of `threadedMSM`: keeps a piece of the bases and adds up its piece of the sum when told to.
import { parentPort, workerData } from "node:worker_threads";
import {
  type EngineInit,
  type KeyDescriptor,
  type Point,
  type Vec,
  assert,
  attachEngine,
} from "@foldmesh/algebra";

export interface RankInit {
  readonly engine: EngineInit;
  readonly key: KeyDescriptor;
}

/** Scalars of this piece, 32-byte little-endian, or the order to add up. */
export type RankRequest = { readonly load: Uint8Array } | "sum";
export type RankReply = Point | null;

const { engine: init, key: descriptor } = workerData as RankInit;
const engine = attachEngine(init);
const key = engine.adoptKey(descriptor);
let scalars: Vec | undefined;

parentPort?.on("message", (request: RankRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});

async function answer(request: RankRequest): Promise<RankReply> {
  if (request !== "sum") {
    scalars = (key.curve.scalar.name === "Fp" ? engine.Fp : engine.Fq).fromBytes(request.load);
    return null;
  }
  assert(scalars !== undefined, "no scalars");
  return engine.commit(key, scalars, 0n);
}
