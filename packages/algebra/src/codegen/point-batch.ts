import { PAIR } from "./backend.ts";
import {
  type Callable,
  type Code,
  type FunctionBuilder,
  type Local,
  type Value,
  i32,
} from "./emitter.ts";
import { interleave } from "./recorder.ts";
import { I32 } from "./opcodes.ts";
import { gatherKernels } from "./point-gather.ts";
import { AREA, CHAINS, POINT, SLOT } from "./point-layout.ts";
import type { PointTarget } from "./point-module.ts";

// Batches of affine additions with one inversion (Montgomery's trick), in stages over slots of two
// additions each; see assembly/kernel.ts for the contract. Stages are separate small loops: engines
// differ much on one large one.

/** Slots of the backward stages at a time, so that they stay in cache. */
const BLOCK = 128;
export function batchKernels(target: PointTarget, multiply: Callable): void {
  const gathers = gatherKernels(target);
  const multiplyPrefixes = prefixKernel(target);
  forwardKernel(target, "batchForward", gathers.points, multiplyPrefixes, multiply);
  forwardKernel(target, "batchForwardPacked", gathers.packed, multiplyPrefixes, multiply);
  forwardKernel(target, "batchForwardDouble", gathers.doubled, multiplyPrefixes, multiply);
  backwardKernel(target, multiply);
}

/** Address after the slots of n additions. */
const endOf = (f: FunctionBuilder, scratch: Value, n: Value): Local =>
  f.op("i32.add", scratch, f.op("i32.mul", f.op("i32.shr_u", n, i32(1)), i32(SLOT.bytes)));

function forwardKernel(
  { module, field, constant }: PointTarget,
  name: string,
  gather: Callable,
  multiplyPrefixes: Callable,
  multiply: Callable,
): void {
  const one = constant(1n);
  module.func(name, [I32, I32, I32], [I32], (f) => {
    const [list, n, scratch] = [f.param(0), f.param(1), f.param(2)];
    const end = endOf(f, scratch, n);
    const unit = field.loadPair(f, i32(one));
    for (let c = 0; c < CHAINS; c++) {
      field.storePair(f, scratch, c * SLOT.bytes + SLOT.prefix, unit);
    }
    f.call(gather, list, f.op("i32.shr_u", n, i32(1)), scratch);
    f.call(multiplyPrefixes, scratch, f.op("i32.shr_u", n, i32(2)));
    const at = (offset: number): Local => f.op("i32.add", end, i32(offset));
    f.call(multiply, at(AREA.lanes), at(SLOT.prefix), at(SLOT.bytes + SLOT.prefix));
    const lanes = field.loadPair(f, end, AREA.lanes);
    field.storePair(f, end, AREA.swapped, field.swap(f, lanes));
    f.call(multiply, at(AREA.total), at(AREA.lanes), at(AREA.swapped));
    f.return(f.op("i32.add", end, i32(AREA.total)));
  });
}

/** prefix[s + 2] = prefix[s]·dx[s] */
function prefixKernel({ module, field }: PointTarget): Callable {
  return module.func("", [I32, I32], [], (f) => {
    const slot = f.param(0);
    f.repeat(f.param(1), () => {
      const chain = (c: number) => (code: Code) => {
        const dx = field.loadPair(code, slot, c * SLOT.bytes + SLOT.dx);
        const prefix = field.loadPair(code, slot, c * SLOT.bytes + SLOT.prefix);
        const at = (c + CHAINS) * SLOT.bytes + SLOT.prefix;
        field.storePair(code, slot, at, field.mul(code, prefix, dx));
      };
      interleave(f, [chain(0), chain(1)]);
      f.opTo(slot, "i32.add", slot, i32(CHAINS * SLOT.bytes));
    });
  });
}

function backwardKernel(target: PointTarget, multiply: Callable): void {
  const { module } = target;
  const seed = seedKernel(target, multiply);
  const stages = [slopeKernel(target), abscissaKernel(target), ordinateKernel(target)];
  const invert = invertKernel(target);
  module.func("batchBackward", [I32, I32, I32], [], (f) => {
    const [list, n, scratch] = [f.param(0), f.param(1), f.param(2)];
    const end = endOf(f, scratch, n);
    f.call(seed, end);
    const chains = f.op("i32.add", end, i32(AREA.chains));
    const slot = f.variable(end);
    const left = f.op("i32.shr_u", n, i32(1));
    f.while(
      () => left,
      () => {
        const block = f.select(f.op("i32.lt_u", left, i32(BLOCK)), left, i32(BLOCK));
        f.opTo(slot, "i32.sub", slot, f.op("i32.mul", block, i32(SLOT.bytes)));
        f.opTo(left, "i32.sub", left, block);
        f.call(invert, slot, block, chains);
        const items = f.op("i32.add", list, f.op("i32.mul", left, i32(SLOT.listBytes)));
        for (const stage of stages) f.call(stage, slot, block, items);
      },
    );
  });
}

/** Inverses of the two chains' ends, from the inverse of the total. */
function seedKernel({ module }: PointTarget, multiply: Callable): Callable {
  return module.func("", [I32], [], (f) => {
    const at = (offset: number): Local => f.op("i32.add", f.param(0), i32(offset));
    f.call(multiply, at(AREA.inverse), at(AREA.inverse), at(AREA.swapped)); // 1/lanes
    for (let c = 0; c < CHAINS; c++) {
      const other = at((1 - c) * SLOT.bytes + SLOT.prefix);
      f.call(multiply, at(AREA.chains + c * PAIR), at(AREA.inverse), other);
    }
  });
}

/** From the last slot of the block to the first: dx ← 1/dx. */
function invertKernel({ module, field }: PointTarget): Callable {
  return module.func("", [I32, I32, I32], [], (f) => {
    const [first, slots, chains] = [f.param(0), f.param(1), f.param(2)];
    const slot = f.op("i32.add", first, f.op("i32.mul", slots, i32(SLOT.bytes)));
    const load = (c: number): Local[] =>
      field.loadPair(f, chains, c * PAIR).map((value) => f.variable(value));
    const inverses = [load(0), load(1)];
    f.repeat(f.op("i32.shr_u", slots, i32(1)), () => {
      f.opTo(slot, "i32.sub", slot, i32(CHAINS * SLOT.bytes));
      const chain = (c: number) => (code: Code) => {
        const inverse = inverses[c]!;
        const dx = field.loadPair(code, slot, c * SLOT.bytes + SLOT.dx);
        const prefix = field.loadPair(code, slot, c * SLOT.bytes + SLOT.prefix);
        const rest = field.mul(code, inverse, dx);
        field.storePair(code, slot, c * SLOT.bytes + SLOT.dx, field.mul(code, inverse, prefix));
        inverse.forEach((local, i) => code.assign(local, rest[i]!));
      };
      interleave(f, [chain(0), chain(1)]);
    });
    inverses.forEach((inverse, c) => field.storePair(f, chains, c * PAIR, inverse));
  });
}

type SlotBody = (code: Code, slot: Local, at: number, items: Local, item: number) => void;

/** A stage: (first slot, slots (even), first list item). */
function stage({ module, backend }: PointTarget, body: SlotBody): Callable {
  return module.func("", [I32, I32, I32], [], (f) => {
    const [slot, slots, items] = [f.param(0), f.param(1), f.param(2)];
    const n = backend.streams;
    f.repeat(n === 2 ? f.op("i32.shr_u", slots, i32(1)) : slots, () => {
      const streams = Array.from(
        { length: n },
        (_, s) => (code: Code) => body(code, slot, s * SLOT.bytes, items, s * SLOT.listBytes),
      );
      interleave(f, streams);
      f.opTo(slot, "i32.add", slot, i32(n * SLOT.bytes));
      f.opTo(items, "i32.add", items, i32(n * SLOT.listBytes));
    });
  });
}

/** λ = (y2 − y1)/dx, in place of 1/dx. */
function slopeKernel(target: PointTarget): Callable {
  const { field } = target;
  return stage(target, (code, slot, at) => {
    const y1 = field.loadPair(code, slot, at + SLOT.y1);
    const dy = field.sub(code, field.loadPair(code, slot, at + SLOT.y2), y1);
    const inverse = field.loadPair(code, slot, at + SLOT.dx);
    field.storePair(code, slot, at + SLOT.dx, field.mul(code, dy, inverse));
  });
}

/** x3 = λ² − x1 − x2 in place of x2, x1 − x3 in place of x1. */
function abscissaKernel(target: PointTarget): Callable {
  const { field } = target;
  return stage(target, (code, slot, at) => {
    const x1 = field.loadPair(code, slot, at + SLOT.x1);
    const sum = field.add(code, x1, field.loadPair(code, slot, at + SLOT.x2));
    const x3 = field.sqr(code, field.loadPair(code, slot, at + SLOT.dx), { minus: sum });
    field.storePair(code, slot, at + SLOT.x1, field.sub(code, x1, x3));
    field.storePair(code, slot, at + SLOT.x2, x3);
  });
}

/** y3 = λ·(x1 − x3) − y1, and out with (x3, y3). */
function ordinateKernel(target: PointTarget): Callable {
  const { field } = target;
  return stage(target, (code, slot, at, items, item) => {
    const slope = field.loadPair(code, slot, at + SLOT.dx);
    const difference = field.loadPair(code, slot, at + SLOT.x1);
    const y1 = field.loadPair(code, slot, at + SLOT.y1);
    const y3 = field.mul(code, slope, difference, { minus: y1 });
    const x3 = field.loadPair(code, slot, at + SLOT.x2);
    const a = code.load("i32.load", items, item + 8);
    const b = code.load("i32.load", items, item + 20);
    field.storeElements(code, a, b, 0, x3);
    field.storeElements(code, a, b, POINT / 2, y3);
  });
}
