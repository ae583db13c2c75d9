import { PAIR } from "../codegen/backend.ts";
import { fma51 } from "../codegen/fma51.ts";
import { Fp } from "../field.ts";
import { FieldMemory } from "./field-memory.ts";
import type { FieldKernels } from "./kernels.ts";
import { Arena, createMemory } from "./memory.ts";

const PAGES = 8;

/**
 * Whether relaxed multiply-add rounds once on this machine, by known answers: products of limbs with
 * all bits set, alternating bits and random ones go wrong when it rounds twice.
 * @param module "Fp-fma51"
 */
export function hasFusedMultiplyAdd(module: WebAssembly.Module): boolean {
  const memory = createMemory(PAGES);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = exports as unknown as FieldKernels;
  const field = new FieldMemory(Fp, fma51, kernels, memory, new Arena(memory));
  const [a, b, product] = [0, 1, 2].map(() => field.task.alloc(PAIR));
  return testValues().every((x, i, values) => {
    const y = values[(i + 1) % values.length]!;
    field.writePair(a!, x, y);
    field.writePair(b!, y, y);
    kernels.mul(product!, a!, b!, 1);
    const [xy, yy] = field.readPair(product!);
    kernels.sqr(product!, a!, 1);
    const [xx] = field.readPair(product!);
    return xy === Fp.mul(x, y) && yy === Fp.mul(y, y) && xx === Fp.mul(x, x);
  });
}

/** Elements whose Montgomery forms have edge limbs, and pseudo-random ones. */
function testValues(): bigint[] {
  const inverseR = Fp.inv(fma51.R);
  const patterns = [
    (1n << 253n) - 1n,
    BigInt(`0x${"5".repeat(63)}`),
    BigInt(`0x2${"a".repeat(62)}`),
    (Fp.modulus - 1n) / 2n,
    Fp.modulus - 1n,
    ...[50n, 51n, 101n, 102n, 152n, 153n, 203n].map((bit) => (1n << bit) - 1n),
  ];
  const values = [0n, 1n, ...patterns.map((x) => Fp.mul(x, inverseR))];
  let x = 3n;
  for (let i = 0; i < 32; i++) {
    x = Fp.mul(x, x) + 7n;
    values.push(Fp.reduce(x));
  }
  return values;
}
