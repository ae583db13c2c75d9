import type { Curve } from "../curve.ts";
import { endomorphism } from "./glv.ts";
import type { Backend, FieldCode } from "./backend.ts";
import { ConstantPool } from "./constants.ts";
import { ModuleBuilder } from "./module.ts";
import { batchKernels } from "./point-batch.ts";
import { curveConstants } from "./point-constants.ts";
import { coordinateKernels, multiplyKernel } from "./point-coordinates.ts";
import { copyKernels } from "./point-copy.ts";
import { INITIAL_PAGES, MAXIMUM_PAGES, STATIC } from "./static.ts";

/** What the kernels of one curve are generated into. */
export interface PointTarget {
  readonly backend: Backend;
  readonly module: ModuleBuilder;
  readonly pool: ConstantPool;
  readonly curve: Curve;
  /** Of the coordinates. */
  readonly field: FieldCode;
  /** Address of the pair (x, x) in Montgomery form. */
  readonly constant: (x: bigint) => number;
}

/** All point kernels of one curve on one backend; exports as in assembly/kernel.ts. */
export function pointModule(backend: Backend, curve: Curve): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({
    shared: true,
    initial: INITIAL_PAGES,
    maximum: MAXIMUM_PAGES,
  });
  const area = STATIC[curve.name];
  const pool = new ConstantPool(area.base, area.bytes);
  const { modulus } = curve.base;
  const constant = (x: bigint): number => {
    const element = backend.encodeInteger(x * backend.R, modulus);
    return pool.block(backend.pair(element, element));
  };
  const field = backend.field(modulus, pool);
  const target: PointTarget = { backend, module, pool, curve, field, constant };
  const { beta } = endomorphism(curve);
  const multiply = multiplyKernel(target);
  batchKernels(target, multiply);
  copyKernels(target, beta);
  coordinateKernels(target, multiply);
  curveConstants(target);
  module.data(...pool.segment);
  return module.encode();
}
