// A thread that commits: what a speed is measured and challenged with.

import { parentPort } from "node:worker_threads";
import {
  Fp,
  G1,
  assert,
  concatBytes,
  createEngine,
  deriveG1Generators,
  generators,
  integerFromBytesBE,
  pointsToBytes,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { sha512 } from "@noble/hashes/sha2.js";
import { CHALLENGE_POINTS, type MSMReply, type MSMTask } from "./msm-task.ts";

assert(parentPort !== null, "msm-worker.ts runs as a worker");
const port = parentPort;
const engine = await createEngine({ load: readModules });
const bases = await deriveG1Generators(engine, "w", 0, CHALLENGE_POINTS);
const key = engine.commitmentKey(G1, bases, generators(G1, "h", 1)[0]!);

/** Scalars are powers of a challenge that depends on the round before: no round can begin early or be looked up. */
async function chain({ seed, rounds }: MSMTask): Promise<MSMReply> {
  const started = performance.now();
  let last = seed;
  for (let round = 0; round < rounds; round++) {
    const x = Fp.reduce(integerFromBytesBE(sha512(concatBytes(seed, last))));
    const point = await engine.scope(() =>
      engine.commit(key, engine.Fp.powers(x, CHALLENGE_POINTS), 0n),
    );
    assert(point !== null, "a sum of independent generators is not the identity");
    last = pointsToBytes([point]);
  }
  return { point: last, ms: performance.now() - started };
}

port.on("message", (task: MSMTask) => void chain(task).then((reply) => port.postMessage(reply)));
