import { PACKED, PAIR, type Pair } from "./backend.ts";
import { type Callable, type Code, type FunctionBuilder, type Local, i32 } from "./emitter.ts";
import { I32 } from "./opcodes.ts";
import { SLOT } from "./point-layout.ts";
import type { PointTarget } from "./point-module.ts";

/** Slots whose operands are touched before they are read. */
const TOUCHED = 32;

export interface Gathers {
  readonly points: Callable;
  readonly packed: Callable;
  readonly doubled: Callable;
}

/** (list, slots, scratch): reads operands, which lie anywhere, into slots, with the entries' signs. */
export function gatherKernels(target: PointTarget): Gathers {
  const { field } = target;
  const elements = (code: Code, a: Local, b: Local, second: boolean): Pair =>
    field.loadElements(code, a, b, second ? PAIR / 2 : 0);
  const packed = (code: Code, a: Local, b: Local, second: boolean): Pair =>
    field.loadPacked(code, a, b, second ? PACKED : 0);
  return {
    points: gatherKernel(target, elements),
    packed: touchingKernel(target, gatherKernel(target, packed)),
    doubled: doubleKernel(target),
  };
}

type Load = (code: Code, a: Local, b: Local, second: boolean) => Pair;

function gatherKernel({ module, field }: PointTarget, load: Load): Callable {
  return module.func("", [I32, I32, I32], [], (f) =>
    forSlots(f, (list, slot) => {
      const [a1, b1] = operands(f, list, 0);
      const [a2, b2] = operands(f, list, 4);
      const x1 = load(f, address(f, a1), address(f, b1), false);
      field.storePair(f, slot, SLOT.x1, x1);
      const x2 = load(f, address(f, a2), address(f, b2), false);
      field.storePair(f, slot, SLOT.x2, x2);
      field.storePair(f, slot, SLOT.dx, field.sub(f, x2, x1));
      const y1 = load(f, address(f, a1), address(f, b1), true);
      field.storePair(f, slot, SLOT.y1, field.negateIf(f, signs(f, a1, b1), y1));
      const y2 = load(f, address(f, a2), address(f, b2), true);
      field.storePair(f, slot, SLOT.y2, field.negateIf(f, signs(f, a2, b2), y2));
    }),
  );
}

/** Doublings as additions: dx = 2y, x2 = x, and y2 = y + 3x² so that y2 − y1 = 3x². */
function doubleKernel({ module, field }: PointTarget): Callable {
  return module.func("", [I32, I32, I32], [], (f) =>
    forSlots(f, (list, slot) => {
      const [a, b] = operands(f, list, 0);
      const x = field.loadElements(f, address(f, a), address(f, b), 0);
      const y = field.loadElements(f, address(f, a), address(f, b), PAIR / 2);
      const triple = field.add(f, field.add(f, x, x), x);
      const y2 = field.add(f, field.mul(f, triple, x), y);
      field.storePair(f, slot, SLOT.x1, x);
      field.storePair(f, slot, SLOT.x2, x);
      field.storePair(f, slot, SLOT.y1, y);
      field.storePair(f, slot, SLOT.y2, y2);
      field.storePair(f, slot, SLOT.dx, field.add(f, y, y));
    }),
  );
}

/**
 * `gather` over runs of TOUCHED slots, after one load from every operand of the run: many cache misses
 * at a time, where the gathering itself would wait for few.
 */
function touchingKernel({ module }: PointTarget, gather: Callable): Callable {
  const touch = module.func("", [I32, I32, I32], [], (f) => {
    const any = f.variable(i32(0));
    forSlots(f, (list) => {
      for (const at of [0, 4]) {
        for (const entry of operands(f, list, at)) {
          f.opTo(any, "i32.xor", any, f.load("i32.load", address(f, entry)));
        }
      }
    });
    f.store("i32.store", f.param(2), SLOT.dx, any); // keeps the loads alive
  });
  return module.func("", [I32, I32, I32], [], (f) => {
    const [list, left, slot] = [f.param(0), f.param(1), f.param(2)];
    f.while(
      () => left,
      () => {
        const run = f.select(f.op("i32.lt_u", left, i32(TOUCHED)), left, i32(TOUCHED));
        f.call(touch, list, run, slot);
        f.call(gather, list, run, slot);
        f.opTo(list, "i32.add", list, f.op("i32.mul", run, i32(SLOT.listBytes)));
        f.opTo(slot, "i32.add", slot, f.op("i32.mul", run, i32(SLOT.bytes)));
        f.opTo(left, "i32.sub", left, run);
      },
    );
  });
}

/** For a kernel (list, slots, scratch). */
function forSlots(f: FunctionBuilder, body: (list: Local, slot: Local) => void): void {
  const [list, slots] = [f.param(0), f.param(1)];
  const slot = f.variable(f.param(2));
  f.repeat(slots, () => {
    body(list, slot);
    f.opTo(list, "i32.add", list, i32(SLOT.listBytes));
    f.opTo(slot, "i32.add", slot, i32(SLOT.bytes));
  });
}

/** The entries at `at` of the slot's two additions. */
const operands = (code: Code, list: Local, at: number): [Local, Local] => [
  code.load("i32.load", list, at),
  code.load("i32.load", list, at + 12),
];

export const address = (code: Code, entry: Local): Local => code.op("i32.and", entry, i32(-8));

/** Lanes to be negated. */
export const signs = (code: Code, a: Local, b: Local): Local =>
  code.op(
    "i32.or",
    code.op("i32.and", a, i32(1)),
    code.op("i32.shl", code.op("i32.and", b, i32(1)), i32(1)),
  );
