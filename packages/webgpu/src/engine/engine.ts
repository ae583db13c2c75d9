// The Engine port with a GPU: long vectors and their commitments there, the rest in the kernels of the CPU.

import {
  type CommitmentKey,
  type Engine,
  type Point,
  type Vec,
  type WasmEngine,
  Fp,
  Fq,
  assert,
  packedBases,
} from "@foldmesh/algebra";
import type { Device } from "../device.ts";
import { GpuError } from "../errors.ts";
import type { DeviceMSM } from "../msm/device-msm.ts";
import { FieldArithmetic } from "./field-arithmetic.ts";
import { VectorMemory } from "./memory.ts";
import { GpuVectorField, isOnGpu } from "./vector-field.ts";

/** Shorter vectors are left to the CPU: a GPU answers after they are done. */
const DEFAULT_MINIMUM = 2 ** 12;

export interface GpuEngineOptions {
  /** Closed with the engine; its keys may be shared. */
  readonly msm: DeviceMSM;
  /** Short vectors, the keys' bases and Poseidon are its business. */
  readonly cpu: WasmEngine;
  /** Shortest vector that starts on the GPU. */
  readonly minimum?: number | undefined;
}

/**
 * An engine whose data stays on the GPU between operations. Whatever the GPU cannot do is a GpuError at the
 * latest when something is read; whoever catches it does the work again with the CPU engine.
 * @throws GpuError
 */
export async function gpuEngine(options: GpuEngineOptions): Promise<Engine> {
  const { msm, cpu, minimum = DEFAULT_MINIMUM } = options;
  const { device, layout } = msm;
  const memory = new VectorMemory(device);
  const field = async (of: typeof Fp): Promise<GpuVectorField> =>
    new GpuVectorField(await FieldArithmetic.open(of, device, memory, layout), cpu, minimum);
  const fields = { Fp: await field(Fp), Fq: await field(Fq) };

  const commitThere = async (key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null> => {
    const { curve } = key;
    const { scalar } = curve;
    assert(v.length <= key.length, `${v.length} elements, ${key.length} bases`);
    assert(v.field === scalar, `scalars of ${curve.name} are over ${scalar.name}`);
    const mark = memory.mark();
    const integers = fields[scalar.name].integers(v);
    memory.flush();
    const known = cpu.describeKey(key);
    const there = await msm.key(curve, packedBases(cpu.context, known), known);
    const sum = await msm.multiply(there, { buffer: integers, count: v.length });
    if (memory.mark() === mark + 1) memory.release(mark);
    const rest = await cpu.commit(key, cpu[scalar.name].zeros(0), blind);
    return curve.add(sum, rest);
  };

  return {
    name: cpu.name,
    ...fields,
    scope: (body) => cpu.scope(() => scoped(device, memory, body)),
    commitmentKey: (curve, bases, blinding) => cpu.commitmentKey(curve, bases, blinding),
    commit: (key, v, blind) =>
      isOnGpu(v) ? commitThere(key, v, blind) : cpu.commit(key, v, blind),
    permute: (state) => cpu.permute(state),
    permuteAll: async (states) => (await fields.Fp.permuted(states)) ?? cpu.permuteAll(states),
    close() {
      memory[Symbol.dispose]();
      msm[Symbol.dispose]();
      cpu.close();
    },
  };
}

/** Frees what `body` allocated, and tells whether memory had sufficed. @throws GpuError OUT_OF_MEMORY */
async function scoped<T>(device: Device, memory: VectorMemory, body: () => Promise<T>): Promise<T> {
  const mark = memory.mark();
  device.handle.pushErrorScope("out-of-memory");
  const [outcome] = await Promise.allSettled([body()]);
  memory.flush();
  const full = await device.wait(device.handle.popErrorScope());
  memory.release(mark);
  if (full !== null) throw new GpuError("OUT_OF_MEMORY", `no memory on the GPU: ${full.message}`);
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
