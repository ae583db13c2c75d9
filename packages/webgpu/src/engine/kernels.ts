// The shaders of vectors over one field. Few shaders with modes rather than many: each is compiled.

import type { PrimeField } from "@foldmesh/algebra";
import { type Kernel, reads, writes } from "../kernel.ts";
import { fieldCode } from "../wgsl/field.ts";
import type { Layout } from "../wgsl/layout.ts";

/** Modes of `zip`; `constant` is the constant k, an offset is that of a's element 0. */
export const ZIP = { add: 0, sub: 1, mul: 2, scale: 3, addScaled: 4 } as const;
/** Modes of `inPlace`. */
export const IN_PLACE = { eqTable: 0, powers: 1, bindTop: 2 } as const;
/** Sums that one thread of `dot` and `quadratic` leaves to the next pass. */
export const PARTIAL_SUMS: number = 2 ** 13;
/** Lanes of the widest Poseidon state. */
const WIDEST = 17;
/** Flags beside a column: the coefficient is 1, or −1. */
export const UNIT: number = 0x8000_0000;
export const NEGATIVE: number = 0x4000_0000;

export type VectorKernelName =
  | "zip"
  | "inPlace"
  | "dot"
  | "quadratic"
  | "sparse"
  | "power"
  | "poseidon"
  | "anySet";

export function vectorKernels(
  field: PrimeField,
  layout: Layout,
): Readonly<Record<VectorKernelName, Kernel>> {
  const library = fieldCode(field, layout);
  return {
    zip: zip(library),
    inPlace: inPlace(library),
    dot: dot(library),
    quadratic: quadratic(library),
    sparse: sparse(library),
    power: power(library),
    poseidon: poseidon(library),
    anySet: ANY_SET,
  };
}

/** param: length, mode. */
const zip = (library: string): Kernel => ({
  name: "zip",
  library,
  bindings: [reads("a"), reads("b"), writes("out")],
  body: `
  if (id >= param(0u)) { return; }
  let mode = param(1u);
  let x = load_a(id);
  var y = constant();
  if (mode != ${ZIP.scale}u) { y = load_b(id); }
  var z: F;
  if (mode >= ${ZIP.mul}u) {
    if (mode == ${ZIP.addScaled}u) { z = constant(); } else { z = x; }
    z = mul(z, y);
  }
  if (mode == ${ZIP.addScaled}u) { y = z; }
  if (mode == ${ZIP.add}u || mode == ${ZIP.addScaled}u) { z = add(x, y); }
  if (mode == ${ZIP.sub}u) { z = sub(x, y); }
  store_out(id, z);`,
});

/** param: elements, mode, distance of the two that belong together. */
const inPlace = (library: string): Kernel => ({
  name: "inPlace",
  library,
  bindings: [writes("t")],
  body: `
  if (id >= param(0u)) { return; }
  let mode = param(1u);
  let other = param(2u) + id;
  let low = load_t(id);
  var x = low;
  if (mode == ${IN_PLACE.bindTop}u) { x = sub(load_t(other), low); }
  let y = mul(x, constant());
  if (mode == ${IN_PLACE.bindTop}u) {
    store_t(id, add(low, y));
  } else {
    store_t(other, y);
    if (mode == ${IN_PLACE.eqTable}u) { store_t(id, sub(low, y)); }
  }`,
});

/** param: length, threads, whether a is multiplied by b, offset in a, place of the thread's sum. */
const dot = (library: string): Kernel => ({
  name: "dot",
  library,
  bindings: [reads("a"), reads("b"), writes("out")],
  body: `
  if (id >= param(1u)) { return; }
  var sum = zero();
  for (var i = id; i < param(0u); i += param(1u)) {
    var x = load_a(param(3u) + i);
    if (param(2u) == 1u) { x = mul(x, load_b(i)); }
    sum = add(sum, x);
  }
  store_out(param(4u) + id, sum);`,
});

/** param: half, threads. Leaves w·(a·b − c) at 0, at 1, and w·Δa·Δb: three lists of sums. */
const quadratic = (library: string): Kernel => ({
  name: "quadratic",
  library,
  bindings: [reads("a"), reads("b"), reads("c"), reads("w"), writes("out")],
  body: `
  if (id >= param(1u)) { return; }
  var sums: array<F, 3>;
  for (var i = id; i < param(0u); i += param(1u)) {
    let w = load_w(i);
    var x = load_a(i);
    var y = load_b(i);
    for (var k = 0u; k < 3u; k++) {
      if (k == 1u) {
        x = load_a(param(0u) + i);
        y = load_b(param(0u) + i);
      }
      if (k == 2u) {
        x = sub(x, load_a(i));
        y = sub(y, load_b(i));
      }
      var q = mul(x, y);
      if (k < 2u) { q = sub(q, load_c(k * param(0u) + i)); }
      sums[k] = add(sums[k], mul(q, w));
    }
  }
  for (var k = 0u; k < 3u; k++) { store_out(k * param(1u) + id, sums[k]); }`,
});

/** param: rows. `entries` are pairs (column with flags, coefficient). */
const sparse = (library: string): Kernel => ({
  name: "sparse",
  library,
  bindings: [
    reads("starts", "words"),
    reads("entries", "words"),
    reads("table"),
    reads("z"),
    writes("out"),
  ],
  body: `
  if (id >= param(0u)) { return; }
  var sum = zero();
  for (var e = starts[id]; e < starts[id + 1u]; e++) {
    let column = entries[2u * e];
    var x = load_z(column & ${NEGATIVE - 1}u);
    if ((column & ${UNIT}u) == 0u) { x = mul(x, load_table(entries[2u * e + 1u])); }
    if ((column & ${NEGATIVE}u) != 0u) { sum = sub(sum, x); } else { sum = add(sum, x); }
  }
  store_out(id, sum);`,
});

/** param: length; from 8 on the exponent. */
const power = (library: string): Kernel => ({
  name: "power",
  library,
  bindings: [reads("a"), writes("out")],
  body: `
  if (id >= param(0u)) { return; }
  let a = load_a(id);
  var r = one();
  for (var k = 0u; k < 512u; k++) {
    let at = 255u - (k >> 1u);
    var factor = r;
    if ((k & 1u) == 1u) {
      if (((param(8u + (at >> 5u)) >> (at & 31u)) & 1u) == 0u) { continue; }
      factor = a;
    }
    r = mul(r, factor);
  }
  store_out(id, r);`,
});

/**
 * param: states, width, rounds, partial rounds. `constants` are those of the rounds, then the matrix by rows.
 * The plain permutation: every thread does one.
 */
const poseidon = (library: string): Kernel => ({
  name: "poseidon",
  library,
  bindings: [reads("states"), reads("constants"), writes("out")],
  functions: `fn fifth(x: F) -> F {
  var y = x;
  for (var k = 0u; k < 3u; k++) {
    var factor = y;
    if (k == 2u) { factor = x; }
    y = mul(y, factor);
  }
  return y;
}`,
  body: `
  if (id >= param(0u)) { return; }
  let t = param(1u);
  let rounds = param(2u);
  let half = (rounds - param(3u)) / 2u;
  var s: array<F, ${WIDEST}>;
  var mixed: array<F, ${WIDEST}>;
  for (var i = 0u; i < t; i++) { s[i] = load_states(t * id + i); }
  for (var r = 0u; r < rounds; r++) {
    let full = r < half || r >= half + param(3u);
    for (var i = 0u; i < t; i++) {
      s[i] = add(s[i], load_constants(t * r + i));
      if (full || i == 0u) { s[i] = fifth(s[i]); }
    }
    for (var i = 0u; i < t; i++) {
      var sum = zero();
      for (var k = 0u; k < t; k++) { sum = add(sum, mul(load_constants(t * (rounds + i) + k), s[k])); }
      mixed[i] = sum;
    }
    s = mixed;
  }
  for (var i = 0u; i < t; i++) { store_out(t * id + i, s[i]); }`,
});

/** param: words. */
const ANY_SET: Kernel = {
  name: "anySet",
  bindings: [reads("a", "words"), writes("found", "atomics")],
  body: `
  if (id >= param(0u)) { return; }
  if (a[id] != 0u) { atomicOr(&found[0], 1u); }`,
};
