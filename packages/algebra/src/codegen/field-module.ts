import type { Backend } from "./backend.ts";
import { ConstantPool } from "./constants.ts";
import { ModuleBuilder } from "./module.ts";
import { INITIAL_PAGES, MAXIMUM_PAGES, STATIC } from "./static.ts";
import { conversionKernels } from "./conversion-kernels.ts";
import { poseidonBatch } from "./poseidon-batch.ts";
import { poseidonSingle } from "./poseidon-single.ts";
import { sparseKernels } from "./sparse-kernels.ts";
import { sumcheckKernels } from "./sumcheck-kernels.ts";
import { vectorKernels } from "./vector-kernels.ts";
import type { FieldCode } from "./backend.ts";

/** What a group of kernels is generated into. */
export interface FieldTarget {
  readonly backend: Backend;
  readonly module: ModuleBuilder;
  readonly pool: ConstantPool;
  readonly modulus: bigint;
  readonly field: FieldCode;
}

/** All kernels of one field on one backend; exports as in wasm/kernels.ts. */
export function fieldModule(
  backend: Backend,
  name: "Fp" | "Fq",
  modulus: bigint,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({
    shared: true,
    initial: INITIAL_PAGES,
    maximum: MAXIMUM_PAGES,
  });
  const pool = new ConstantPool(STATIC[name].base, STATIC[name].bytes);
  const field = backend.field(modulus, pool);
  const target = { backend, module, pool, modulus, field };
  const { innerProduct } = vectorKernels(target);
  conversionKernels(target);
  sumcheckKernels(target);
  sparseKernels(target);
  if (name === "Fp") {
    poseidonSingle(target, innerProduct);
    poseidonBatch(target);
  }
  module.data(...pool.segment);
  return module.encode();
}
