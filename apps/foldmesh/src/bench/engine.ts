import { type PrimeField, type WasmEngine, createEngine, secureRng } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";

/** The engine that is measured: the one that the prover runs on this machine. */
export async function openEngine(): Promise<WasmEngine & Disposable> {
  const engine = await createEngine({ load: readModules });
  return Object.assign(engine, { [Symbol.dispose]: () => engine.close() });
}

export const randomElements = (field: PrimeField, n: number): bigint[] =>
  secureRng().elements(field, n);
