import { Fp, Fq, type PrimeField, elementsFromBytes, elementsToBytes } from "@foldmesh/algebra";
import { afterAll, describe, expect, test } from "vitest";
import { drawElements, edgeElements } from "@foldmesh/algebra/testing";
import { compile, dispatch, readBack, reads, storageBuffer, writes } from "../src/kernel.ts";
import { fieldCode } from "../src/wgsl/field.ts";
import {
  LAYOUTS,
  type Layout,
  layoutName,
  layoutNamed,
  limbsOf,
  radixOf,
  stepsBetweenCarries,
} from "../src/wgsl/layout.ts";
import { anyDevice } from "./support.ts";

const device = await anyDevice();
afterAll(() => device?.[Symbol.dispose]());

const named = (name: string): Layout => layoutNamed(name)!;

test("carries are passed on as rarely as 32 bits allow", () => {
  const steps = LAYOUTS.map((layout) => [layoutName(layout), stepsBetweenCarries(Fq, layout)]);
  expect(Object.fromEntries(steps)).toMatchObject({
    "15x17 looped": 2,
    "14x19 looped": 10,
    "13x20 looped": 20,
    "16x16 unrolled": 0,
  });
});

/** Elements whose stored limbs are all ones, one beside a carry, or zero, and the plain edges. */
function edges(field: PrimeField, layout: Layout): bigint[] {
  const inverse = field.inv(field.reduce(radixOf(layout)));
  const mask = (1n << BigInt(layout.bits)) - 1n;
  const stored = limbsOf(layout, field.modulus).flatMap((_, j) => {
    const at = 1n << BigInt(layout.bits * j);
    return [at, at - 1n, mask * at];
  });
  const tops = [field.modulus - 1n, field.modulus - mask, (1n << 253n) - 1n];
  return [
    ...edgeElements(field).slice(0, 8),
    ...[...stored, ...tops].map((x) => field.mul(x, inverse)),
  ];
}

/** Compact ones multiply as looped ones do. */
const FIELDS = [Fp, Fq].flatMap((field) =>
  LAYOUTS.filter(({ style }) => style === (field === Fp ? "looped" : "unrolled")).map(
    (layout) => [field.name, layoutName(layout), field, layout] as const,
  ),
);

describe.skipIf(device === null)("WGSL arithmetic", () => {
  /** Runs one kernel over elements; `body` writes `outputs` elements from x = a[id], y = b[id]. */
  async function run(
    field: PrimeField,
    layout: Layout,
    body: string,
    [xs, ys]: readonly [readonly bigint[], readonly bigint[]],
    outputs: number,
  ): Promise<bigint[][]> {
    const R = radixOf(layout);
    const inverse = field.inv(field.reduce(R));
    const program = await compile(device!, {
      name: "test",
      library: fieldCode(field, layout),
      bindings: [reads("a"), reads("b"), writes("out")],
      body: `if (id >= param(0u)) { return; }\nlet x = load_a(id);\nlet y = load_b(id);\n${body}`,
    });
    const [a, b] = [xs, ys].map((list) => {
      const buffer = storageBuffer(device!, 32 * list.length);
      const bytes = elementsToBytes(list.map((x) => field.mul(x, R)));
      device!.handle.queue.writeBuffer(buffer, 0, bytes as Uint8Array<ArrayBuffer>);
      return buffer;
    });
    const size = 32 * outputs * xs.length;
    const out = storageBuffer(device!, size);
    const encoder = device!.handle.createCommandEncoder();
    dispatch(device!, encoder, program, [a!, b!, out], xs.length, [xs.length]);
    const bytes = await readBack(device!, encoder, out, size);
    const flat = elementsFromBytes(bytes, field.modulus).map((x) => field.mul(x, inverse));
    return Array.from({ length: outputs }, (_, k) => flat.filter((_x, i) => i % outputs === k));
  }

  test.each(FIELDS)("%s in %s: sums, differences, products", async (_f, _l, field, layout) => {
    const e = edges(field, layout);
    const xs = [...e.flatMap((x) => e.map(() => x)), ...drawElements(field, 1000, 5n)];
    const ys = [...e.flatMap(() => e), ...drawElements(field, 1000, 6n)];
    const body = `store_out(3u * id, add(x, y));
store_out(3u * id + 1u, sub(x, y));
store_out(3u * id + 2u, mul(x, y));`;
    const [sums, differences, products] = await run(field, layout, body, [xs, ys], 3);
    expect(sums).toEqual(xs.map((x, i) => field.add(x, ys[i]!)));
    expect(differences).toEqual(xs.map((x, i) => field.sub(x, ys[i]!)));
    expect(products).toEqual(xs.map((x, i) => field.mul(x, ys[i]!)));
  });

  test.each([Fp, Fq])("inverses of $name, 0 among them", async (field) => {
    const layout = named("15x17 compact");
    const xs = [...edges(field, layout), ...drawElements(field, 40, 7n)];
    const [inverses] = await run(field, layout, "store_out(id, inverse(x));", [xs, xs], 1);
    expect(inverses).toEqual(xs.map((x) => field.inv0(x)));
  });
});
