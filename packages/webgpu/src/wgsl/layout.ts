// How an element is held while it is multiplied: `limbs` limbs of `bits` bits, R = 2^(bits·limbs).
// WGSL multiplies 32-bit words and keeps the low half only, so limbs are short; which length is
// fastest depends on the device: measured by autotune.ts.

import type { PrimeField } from "@foldmesh/algebra";

export interface Layout {
  readonly bits: number;
  readonly limbs: number;
  readonly style: Style;
}

/** A layout with the products a second that were measured with it, where they were. */
export interface TimedLayout extends Layout {
  readonly rate?: number;
}

/**
 * How much code is written for what a loop could do. "compact": loops over limbs, and one more over the
 * steps of a point addition: for software devices, whose compilers take 10 s and more otherwise.
 * "looped": loops over limbs only. "unrolled": multiplications have their inner loop written out.
 */
export type Style = "compact" | "looped" | "unrolled";

const layout = (bits: number, limbs: number, style: Style): Layout => ({ bits, limbs, style });

const SHAPES = [
  [15, 17],
  [14, 19],
  [13, 20],
  [16, 16],
] as const;

/** All that can be generated. */
export const LAYOUTS: readonly Layout[] = (["compact", "looped", "unrolled"] as const).flatMap(
  (style) => SHAPES.map(([bits, limbs]) => layout(bits, limbs, style)),
);

export const layoutName = ({ bits, limbs, style }: Layout): string => `${bits}x${limbs} ${style}`;

export const layoutNamed = (name: string): Layout | undefined =>
  LAYOUTS.find((candidate) => layoutName(candidate) === name);

export const radixOf = ({ bits, limbs }: Layout): bigint => 1n << BigInt(bits * limbs);

/** Limbs of x, lowest first. */
export const limbsOf = ({ bits, limbs }: Layout, x: bigint): number[] =>
  Array.from({ length: limbs }, (_, j) => Number(BigInt.asUintN(bits, x >> BigInt(bits * j))));

/**
 * After how many steps of a multiplication carries must be passed on, so that no limb leaves 32 bits;
 * 0 when a single step is too much (16-bit limbs: carries then go along with every product).
 */
export function stepsBetweenCarries(field: PrimeField, layout: Layout): number {
  for (let steps = layout.limbs; steps >= 1; steps--) {
    if (staysInside(field, layout, steps)) return steps;
  }
  return 0;
}

/** Walks through a multiplication with the largest value each limb can have. */
function staysInside(field: PrimeField, layout: Layout, steps: number): boolean {
  const { bits, limbs } = layout;
  const mask = 2 ** bits - 1;
  const modulus = limbsOf(layout, field.modulus);
  const t = Array.from({ length: limbs }, () => 0);
  let largest = 0;
  const see = (x: number): number => {
    largest = Math.max(largest, x);
    return x;
  };
  for (let i = 0; i < limbs; i++) {
    const carry = Math.floor(see(t[0]! + mask * mask + mask * modulus[0]!) / 2 ** bits);
    for (let j = 1; j < limbs; j++) {
      t[j - 1] = see(t[j]! + mask * mask + mask * modulus[j]! + (j === 1 ? carry : 0));
    }
    t[limbs - 1] = 0;
    if ((i + 1) % steps !== 0) continue;
    for (let j = 0; j < limbs - 1; j++) {
      t[j + 1] = see(t[j + 1]! + Math.floor(t[j]! / 2 ** bits));
      t[j] = Math.min(t[j]!, mask);
    }
  }
  for (let j = 0; j < limbs - 1; j++) t[j + 1] = see(t[j + 1]! + Math.floor(t[j]! / 2 ** bits));
  return largest < 2 ** 32;
}

/** Where nothing was measured: what lavapipe compiles and runs fastest. */
export const softwareLayout: Layout = layout(16, 16, "compact");
