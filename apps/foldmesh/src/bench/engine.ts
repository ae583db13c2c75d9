import { type Engine, type PrimeField, bigintEngine, secureRng } from "@foldmesh/algebra";

/** The engine that is measured. */
export async function openEngine(_threads: number = 1): Promise<Engine & Disposable> {
  const engine = bigintEngine();
  return Object.assign(engine, { [Symbol.dispose]: () => engine.close() });
}

export const randomElements = (field: PrimeField, n: number): bigint[] =>
  secureRng().elements(field, n);
