// The sum that a commitment is made of as hardware is given it, with every step of the formulas written out. The rest of
// these shaders takes a software device minutes to compile: `foldmesh bench gpu-check`.

import { type Curve, G1, type Point, elementsFromBytes, elementsToBytes } from "@foldmesh/algebra";
import { basesOf } from "@foldmesh/algebra/testing";
import { afterAll, expect, test } from "vitest";
import { compile, dispatch, readBack, reads, storageBuffer, writes } from "../src/kernel.ts";
import { curveCode } from "../src/wgsl/curve.ts";
import { layoutNamed, radixOf } from "../src/wgsl/layout.ts";
import { anyDevice } from "./support.ts";

const device = await anyDevice();
afterAll(() => device?.[Symbol.dispose]());

const layout = layoutNamed("13x20 looped")!;

/** X, Y, ZZ, ZZZ with this Z, in Montgomery form. */
function encoded({ base }: Curve, point: Point | null, z: bigint): bigint[] {
  const [x, y, zz] = point === null ? [5n, 7n, 0n] : [...point, base.mul(z, z)];
  const zzz = base.mul(zz!, z);
  return [base.mul(x!, zz!), base.mul(y!, zzz), zz!, zzz].map((k) => base.mul(k, radixOf(layout)));
}

function decoded({ base }: Curve, [X, Y, ZZ, ZZZ]: readonly bigint[]): Point | null {
  if (ZZ === 0n) return null;
  return [base.mul(X!, base.inv(ZZ!)), base.mul(Y!, base.inv(ZZZ!))];
}

test.skipIf(device === null)(
  "P + Q for an affine Q: P = ±Q, the identity, any denominators",
  async () => {
    const curve = G1;
    const points = basesOf(curve, [1n, -1n, 2n, 77n]).points;
    const pairs = [null, ...points].flatMap((P) => points.map((Q) => [P, Q] as const));
    const n = pairs.length;
    const program = await compile(device!, {
      name: "sums",
      library: curveCode(curve.base, layout),
      bindings: [reads("left", "points"), reads("right"), writes("sums", "points")],
      body: `
  if (id >= param(0u)) { return; }
  store_sums(id, addAffine(load_left(id), load_right(2u * id), load_right(2u * id + 1u)));`,
    });
    const buffer = (elements: readonly bigint[]): GPUBuffer => {
      const words = storageBuffer(device!, 32 * elements.length);
      const bytes = elementsToBytes(elements) as Uint8Array<ArrayBuffer>;
      device!.handle.queue.writeBuffer(words, 0, bytes);
      return words;
    };
    const left = buffer(pairs.flatMap(([P], k) => encoded(curve, P, BigInt(k + 2))));
    const right = buffer(pairs.flatMap(([, Q]) => encoded(curve, Q, 1n).slice(0, 2)));
    const out = storageBuffer(device!, 128 * n);
    const encoder = device!.handle.createCommandEncoder();
    dispatch(device!, encoder, program, [left, right, out], n, [n]);
    const bytes = await readBack(device!, encoder, out, 128 * n);
    const inverseR = curve.base.inv(curve.base.reduce(radixOf(layout)));
    const flat = elementsFromBytes(bytes, curve.base.modulus).map((x) =>
      curve.base.mul(x, inverseR),
    );
    const sums = pairs.map((_, k) => decoded(curve, flat.slice(4 * k, 4 * k + 4)));
    expect(sums).toEqual(pairs.map(([P, Q]) => curve.add(P, Q)));
  },
);
