// The step circuit of the reference vectors: F(x, y; w) = (xy + w, x² + y³ + w²) with 0 ≤ w < 2^16.

import { Fp } from "@foldmesh/algebra";
import { type Builder, ShapeBuilder, WitnessBuilder } from "@foldmesh/circuits";
import type { R1CS } from "@foldmesh/r1cs";

const PUBLIC_COLUMNS = 5;
const RANGE_BITS = 16;

function toyCircuit<V>(cs: Builder<V>, [x0, y0]: readonly [bigint, bigint], w0: bigint): void {
  const x = cs.publicInput(3, x0);
  const y = cs.publicInput(4, y0);
  const w = cs.witness(w0);
  const bits = Array.from({ length: RANGE_BITS }, (_, i) => {
    const bit = cs.witness((w0 >> BigInt(i)) & 1n);
    cs.enforce(bit, cs.sub(bit, cs.one), cs.zero, "boolean");
    return bit;
  });
  const packed = cs.linear(
    bits.map((_, i) => 1n << BigInt(i)),
    bits,
  );
  cs.enforceEqual(packed, w, "range");
  const out0 = cs.add(cs.mul(x, y), w);
  const y3 = cs.mul(cs.mul(y, y), y);
  const out1 = cs.linear([1n, 1n, 1n], [cs.mul(x, x), y3, cs.mul(w, w)]);
  const outputs = [cs.publicInput(1, cs.value(out0)), cs.publicInput(2, cs.value(out1))];
  cs.enforceEqual(out0, outputs[0]!, "out0");
  cs.enforceEqual(out1, outputs[1]!, "out1");
}

export function toyStep(): R1CS {
  const cs = new ShapeBuilder(Fp, PUBLIC_COLUMNS);
  toyCircuit(cs, [0n, 0n], 0n);
  return cs.structure();
}

/** [1, out0, out1, x, y, private…] */
export function toyAssignment(zIn: readonly [bigint, bigint], w: bigint): bigint[] {
  const cs = new WitnessBuilder(Fp, PUBLIC_COLUMNS);
  toyCircuit(cs, zIn, w);
  return [...cs.publicValues(), ...cs.witnessValues()];
}
