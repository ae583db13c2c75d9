// The thread that derives a program's public parameters and loads them into the engine's shared memory,
// where the proving threads adopt them. Run by Piscina, which calls the exported functions by name.

import { createHash } from "node:crypto";
import { workerData } from "node:worker_threads";
import { Fp, assert, attachEngine, plainPoseidon } from "@foldmesh/algebra";
import {
  type Structures,
  type System,
  deriveSystem,
  ipaLength,
  kzgKey,
  loadCompressor,
  loadSetup,
  nodeBytes,
  proofBytes,
  withKey,
} from "@foldmesh/folding";
import { type StepCircuit, repeatStep } from "@foldmesh/r1cs";
import { reply } from "./reply.ts";
import { type ResidentSetup, describe, shareMatrices } from "./resident.ts";
import { loadSystemGenerators } from "./small-generators.ts";
import { loadSRS } from "./srs.ts";
import type {
  DeriveTask,
  Derived,
  LoadTask,
  PackedStep,
  Reply,
  WorkerInits,
} from "./worker-tasks.ts";

const permute = plainPoseidon();
const init = workerData as WorkerInits["preparer.ts"];

let derived: { readonly system: System; readonly structures: Structures } | undefined;

/** Public parameters; they stay here for `load`. */
export const derive = ({ step, context, stepsPerLeaf }: DeriveTask): Promise<Reply<Derived>> =>
  reply(async () => {
    const generators = await loadSystemGenerators(init.cacheDir);
    derived = deriveSystem({
      step: repeatStep(unpackStep(step), stepsPerLeaf).r1cs,
      context,
      generators,
      permute,
      hash: (bytes) => createHash("sha256").update(bytes).digest(),
    });
    const { system } = derived;
    return {
      bases: ipaLength(system),
      nodeBytes: nodeBytes(system),
      proofBytes: proofBytes(system),
      vk: system.vk,
    };
  });

const unpackStep = ({ stateSize, ...r1cs }: PackedStep): StepCircuit => ({
  stateSize,
  r1cs: { ...r1cs, field: Fp },
});

/** Loads what `derive` made. */
export const load = (task: LoadTask): Promise<Reply<ResidentSetup>> =>
  reply(async () => {
    assert(derived !== undefined, "load comes after derive");
    const { structures } = derived;
    const { system, bases } = await keyed(derived.system, task);
    const engine = attachEngine(init.engine);
    const setup = loadSetup(engine, system, structures, bases);
    const resident = describe(engine, loadCompressor(setup, structures));
    return task.gpu ? { ...resident, sparse: shareMatrices(structures) } : resident;
  });

/** The system bound to its key, and the key's bases. */
async function keyed(
  system: System,
  task: LoadTask,
): Promise<{ readonly system: System; readonly bases: Uint8Array }> {
  if ("bases" in task) return { system, bases: new Uint8Array(task.bases) };
  const count = ipaLength(system);
  const srs = await loadSRS(task.ptau, count, init.cacheDir);
  return { system: withKey(permute, system, kzgKey(srs, count)), bases: srs.bases };
}
