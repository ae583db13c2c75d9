import type { BackendName } from "../codegen/backend.ts";
import { fma51 } from "../codegen/fma51.ts";
import { int29 } from "../codegen/int29.ts";
import { type Curve, type CurveName, G1, Grumpkin, type Point } from "../curve.ts";
import type { CommitmentKey, Engine, Matrix, Vec } from "../engine.ts";
import { assert } from "../errors.ts";
import { Fp, Fq, type FieldName, type PrimeField } from "../field.ts";
import { wasmMSM } from "../msm/msm.ts";
import { FieldMemory } from "./field-memory.ts";
import type { FieldKernels, PoseidonKernels } from "./kernels.ts";
import { Arena, createMemory } from "./memory.ts";
import { type CompiledModules, type ModuleLoader, loadModules } from "./modules.ts";
import type { KeyDescriptor, MSMFactory, MSMPort, WasmContext } from "./msm-port.ts";
import { PoseidonPermuter } from "./poseidon.ts";
import { hasFusedMultiplyAdd } from "./self-test.ts";
import type { SparseProgram } from "./sparse-program.ts";
import { type WasmMatrix, WasmVectorField } from "./vector-field.ts";

/** Everything a worker needs to attach: plain data and shared handles, so postMessage can carry it. */
export interface EngineInit {
  readonly backend: BackendName;
  readonly memory: WebAssembly.Memory;
  readonly modules: CompiledModules;
}

export interface MatrixDescriptor {
  readonly kind: "matrix";
  readonly field: FieldName;
  readonly program: SparseProgram;
}

/** A resident object of this engine's memory as plain data. */
export type ResidentDescriptor = MatrixDescriptor | KeyDescriptor;

export interface WasmCommitmentKey extends CommitmentKey {
  readonly descriptor: KeyDescriptor;
}

/** One rank of a WebAssembly engine. Ranks share memory and resident objects, not vectors. */
export interface WasmEngine extends Engine {
  readonly name: BackendName;
  readonly Fp: WasmVectorField;
  readonly Fq: WasmVectorField;
  /** What `attachEngine` takes in another thread. */
  readonly init: EngineInit;
  readonly context: WasmContext;
  describeMatrix(m: Matrix): MatrixDescriptor;
  describeKey(key: CommitmentKey): KeyDescriptor;
  /** A matrix that another rank described. */
  adoptMatrix(descriptor: MatrixDescriptor): Matrix;
  adoptKey(descriptor: KeyDescriptor): WasmCommitmentKey;
}

export interface EngineOptions {
  readonly load: ModuleLoader;
  /** Default: fma51 where its self-test passes, int29 elsewhere. */
  readonly backend?: BackendName;
  /** Limit of the memory in pages of 64 KiB. Default 65,536 (4 GiB of address space). */
  readonly maximumPages?: number;
  readonly msm?: MSMFactory;
}

/**
 * Creates memory and loads kernels: the first rank.
 * @throws AlgebraError OUT_OF_MEMORY when the memory cannot be reserved
 * @example const engine = await createEngine({ load: readModules });
 */
export async function createEngine(options: EngineOptions): Promise<WasmEngine> {
  const { load, maximumPages, msm } = options;
  const backend = options.backend ?? (await chooseBackend(load));
  const modules = await loadModules(load, backend);
  return attachEngine({ backend, memory: createMemory(maximumPages), modules }, msm);
}

/** fma51 when its module validates (relaxed SIMD) and multiply-add is truly fused. */
async function chooseBackend(load: ModuleLoader): Promise<BackendName> {
  try {
    return hasFusedMultiplyAdd(await load("Fp-fma51")) ? "fma51" : "int29";
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return "int29";
    throw error;
  }
}

/** Another rank over the same memory, usually in a worker. */
export function attachEngine(init: EngineInit, msm: MSMFactory = wasmMSM): WasmEngine {
  const context = attachContext(init);
  const fields = {
    Fp: new WasmVectorField(fieldMemory(context, Fp), context.resident),
    Fq: new WasmVectorField(fieldMemory(context, Fq), context.resident),
  };
  const port = msm(context);
  const permuter = new PoseidonPermuter(
    fields.Fp.memory,
    context.Fp as FieldKernels & PoseidonKernels,
    context.resident,
  );
  return {
    name: init.backend,
    ...fields,
    init,
    context,
    scope: scopes(context),
    ...keyMethods(port, fields, context),
    describeMatrix: (m) => ({
      kind: "matrix",
      field: m.field.name,
      program: (m as WasmMatrix).program,
    }),
    adoptMatrix: ({ field, program }) => fields[field].adopt(program),
    permute: (state) => permuter.permute([state])[0]!,
    permuteAll: async (states) => permuter.permute(states),
    close() {}, // memory goes when the last reference to it does
  };
}

function attachContext({ backend, memory, modules }: EngineInit): WasmContext {
  const instantiate = (name: FieldName): FieldKernels => {
    const module = modules[`${name}-${backend}`];
    assert(module !== undefined, `module ${name}-${backend} is missing`);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return exports as unknown as FieldKernels;
  };
  return {
    backend,
    memory,
    modules,
    resident: new Arena(memory),
    task: new Arena(memory),
    Fp: instantiate("Fp"),
    Fq: instantiate("Fq"),
  };
}

function fieldMemory(context: WasmContext, field: PrimeField): FieldMemory {
  const backend = context.backend === "fma51" ? fma51 : int29;
  return new FieldMemory(field, backend, context[field.name], context.memory, context.task);
}

function scopes({ task }: WasmContext): Engine["scope"] {
  let open = 0;
  return async (body) => {
    const mark = task.mark();
    const depth = ++open;
    try {
      return await body();
    } finally {
      assert(open === depth, "scopes of one engine nest: await one before opening the next");
      open--;
      task.release(mark);
    }
  };
}

const CURVES: Readonly<Record<CurveName, Curve>> = { G1, Grumpkin };

type KeyMethods = Pick<WasmEngine, "commitmentKey" | "commit" | "describeKey" | "adoptKey">;

function keyMethods(
  port: MSMPort,
  fields: Readonly<Record<FieldName, WasmVectorField>>,
  { task }: WasmContext,
): KeyMethods {
  const adoptKey = (descriptor: KeyDescriptor): WasmCommitmentKey => ({
    curve: CURVES[descriptor.curve],
    length: descriptor.length,
    descriptor,
  });
  const describeKey = (key: CommitmentKey): KeyDescriptor => (key as WasmCommitmentKey).descriptor;
  return {
    adoptKey,
    describeKey,
    commitmentKey: (curve, bases, blinding) =>
      adoptKey(port.prepareKey(curve.name, bases, blinding)),
    commit(key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null> {
      const { scalar, name } = key.curve;
      assert(v.length <= key.length, `${v.length} elements, ${key.length} bases`);
      assert(v.field === scalar, `scalars of ${name} are over ${scalar.name}`);
      const mark = task.mark();
      try {
        const scalars = fields[scalar.name].integersOf(v);
        return port.commit(describeKey(key), scalars, v.length, scalar.reduce(blind));
      } finally {
        // before the caller allocates again, whether or not it awaits: see MSMPort.commit
        task.release(mark);
      }
    },
  };
}
