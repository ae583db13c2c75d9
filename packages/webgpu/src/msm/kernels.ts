// The shaders of a multi-scalar multiplication. Entries are pairs (point, window) with a digit that is
// not 0, sorted by bucket; every thread adds up a run of `run` neighbouring entries, whatever buckets
// they belong to, so that all threads have equal work however the scalars are distributed. Buckets that
// lie inside one run are written at once; the pieces at a run's ends are combined by further passes.

import type { PrimeField } from "@foldmesh/algebra";
import { curveCode } from "../wgsl/curve.ts";
import { fieldCode, limbLiteral } from "../wgsl/field.ts";
import type { Layout } from "../wgsl/layout.ts";
import { type Kernel, reads, writes } from "../kernel.ts";

/** The form of bases as they come: x·R + offset, modulo 2^256. Canonical integers have R = 1, offset = 0. */
export interface BaseForm {
  readonly R: bigint;
  readonly offset: bigint;
}

/** Numbers of blocks of a level of the prefix sums. */
export const SCAN_BLOCK = 32;
const NO_BUCKET = "0xffffffffu";

export type KernelName =
  | "importBases"
  | "count"
  | "sumBlocks"
  | "spreadBlocks"
  | "sort"
  | "accumulate"
  | "combine"
  | "weigh"
  | "addUp";

export function msmKernels(
  field: PrimeField,
  layout: Layout,
  form: BaseForm,
): Readonly<Record<KernelName, Kernel>> {
  const library = curveCode(field, layout);
  const compact = layout.style === "compact";
  return {
    importBases: importBases(field, layout, form),
    count: {
      name: "count",
      bindings: [reads("scalars", "words"), writes("counts", "atomics")],
      functions: "fn put(bucket: u32, entry: u32) { atomicAdd(&counts[bucket], 1u); }",
      body: DIGITS,
    },
    sumBlocks: SUM_BLOCKS,
    spreadBlocks: SPREAD_BLOCKS,
    sort: {
      name: "sort",
      bindings: [
        reads("scalars", "words"),
        writes("cursors", "atomics"),
        writes("sorted", "words"),
      ],
      functions:
        "fn put(bucket: u32, entry: u32) { sorted[atomicAdd(&cursors[bucket], 1u)] = entry; }",
      body: DIGITS,
    },
    accumulate: { ...accumulate(library), compact },
    combine: { ...combine(library), compact },
    weigh: { ...weigh(library), compact },
    addUp: { ...addUp(library), compact },
  };
}

/** Elements in any form to ours: x·R + offset − offset + p, reduced, times R'²/R. */
function importBases(field: PrimeField, layout: Layout, { R, offset }: BaseForm): Kernel {
  const ours = 1n << BigInt(layout.bits * layout.limbs);
  const factor = field.mul(ours * ours, field.inv(R));
  // integers are below p already: adding p would take them past the reduction
  const shift = BigInt.asUintN(256, offset === 0n ? 0n : field.modulus - offset);
  const words = Array.from(
    { length: 8 },
    (_, k) => `${BigInt.asUintN(32, shift >> BigInt(32 * k))}u`,
  );
  return {
    name: "importBases",
    library: fieldCode(field, layout),
    bindings: [reads("raw", "words"), writes("bases")],
    body: `
  if (id >= param(0u)) { return; }
  var shift = array<u32, 8>(${words.join(", ")});
  var sum: array<u32, 8>;
  var carry = 0u;
  for (var k = 0u; k < 8u; k++) {
    let a = raw[8u * id + k];
    let b = a + shift[k];
    let s = b + carry;
    carry = select(0u, 1u, b < a || s < b);
    sum[k] = s;
  }
  let x = unpack(vec4<u32>(sum[0], sum[1], sum[2], sum[3]), vec4<u32>(sum[4], sum[5], sum[6], sum[7]));
  store_bases(param(1u) + id, mul(reduced(x), ${limbLiteral(layout, factor)}));`,
  };
}

/** param: points, width, windows. Signed digits of the scalar `id`, lowest first, each given to put(). */
const DIGITS = `
  if (id >= param(0u)) { return; }
  let width = param(1u);
  let half = 1u << (width - 1u);
  var carry = 0u;
  for (var w = 0u; w < param(2u); w++) {
    let at = w * width;
    let k = at >> 5u;
    let shift = at & 31u;
    var bits = scalars[8u * id + k] >> shift;
    if (shift + width > 32u && k < 7u) { bits |= scalars[8u * id + k + 1u] << (32u - shift); }
    let digit = (bits & ((1u << width) - 1u)) + carry;
    carry = select(0u, 1u, digit > half);
    if (digit == 0u || digit == 2u * half) { continue; }
    let size = select(digit, 2u * half - digit, carry == 1u);
    put(w * half + size - 1u, id | (carry << 31u));
  }`;

const SUM_BLOCKS: Kernel = {
  name: "sumBlocks",
  bindings: [reads("values", "words"), writes("blocks", "words")],
  body: `
  let start = id * ${SCAN_BLOCK}u;
  if (start >= param(0u)) { return; }
  var sum = 0u;
  for (var i = start; i < min(start + ${SCAN_BLOCK}u, param(0u)); i++) { sum += values[param(1u) + i]; }
  blocks[param(2u) + id] = sum;`,
};

const SPREAD_BLOCKS: Kernel = {
  name: "spreadBlocks",
  bindings: [writes("values", "words"), reads("blocks", "words")],
  body: `
  let start = id * ${SCAN_BLOCK}u;
  if (start >= param(0u)) { return; }
  var sum = 0u;
  if (param(3u) == 1u) { sum = blocks[param(2u) + id]; }
  for (var i = start; i < min(start + ${SCAN_BLOCK}u, param(0u)); i++) {
    let value = values[param(1u) + i];
    values[param(1u) + i] = sum;
    sum += value;
  }`,
};

/** param: run, buckets of all windows, threads. */
const accumulate = (library: string): Kernel => ({
  name: "accumulate",
  library,
  bindings: [
    reads("bases"),
    reads("sorted", "words"),
    reads("offsets", "words"),
    writes("buckets", "points"),
    writes("partials", "points"),
    writes("ids", "words"),
  ],
  body: `
  if (id >= param(2u)) { return; }
  ids[2u * id] = ${NO_BUCKET};
  ids[2u * id + 1u] = ${NO_BUCKET};
  let start = id * param(0u);
  let total = offsets[param(1u)];
  if (start >= total) { return; }
  let end = min(start + param(0u), total);
  var bucket = 0u; // the last one that starts at or before \`start\`
  var above = param(1u);
  while (bucket + 1u < above) {
    let middle = (bucket + above) >> 1u;
    if (offsets[middle] <= start) { bucket = middle; } else { above = middle; }
  }
  var next = offsets[bucket + 1u];
  var sum = identity();
  for (var e = start; ; e++) {
    if (e == next || e == end) {
      let first = offsets[bucket];
      if (first >= start && next <= end) {
        store_buckets(bucket, sum);
      } else {
        let slot = 2u * id + select(1u, 0u, first < start);
        ids[slot] = bucket;
        store_partials(slot, sum);
      }
      if (e == end) { break; }
      loop {
        bucket++;
        next = offsets[bucket + 1u];
        if (next > e) { break; }
      }
      sum = identity();
    }
    let entry = sorted[e];
    let base = entry & 0x7fffffffu;
    var y = load_bases(2u * base + 1u);
    if (entry != base) { y = neg(y); }
    sum = addAffine(sum, load_bases(2u * base), y);
  }`,
});

/** param: slots, run, threads, whether this is the last pass. Slots without a bucket are passed over. */
const combine = (library: string): Kernel => ({
  name: "combine",
  library,
  bindings: [
    reads("partials", "points"),
    reads("ids", "words"),
    writes("buckets", "points"),
    writes("nextPartials", "points"),
    writes("nextIds", "words"),
  ],
  body: `
  if (id >= param(2u)) { return; }
  nextIds[2u * id] = ${NO_BUCKET};
  nextIds[2u * id + 1u] = ${NO_BUCKET};
  let start = id * param(1u);
  let end = min(start + param(1u), param(0u));
  var bucket = ${NO_BUCKET};
  var isFirst = true;
  var sum = identity();
  for (var e = start; e <= end; e++) {
    var here = ${NO_BUCKET};
    if (e < end) {
      here = ids[e];
      if (here == ${NO_BUCKET}) { continue; }
    }
    if (here != bucket) {
      if (bucket != ${NO_BUCKET}) {
        if (param(3u) == 1u || (!isFirst && e < end)) {
          store_buckets(bucket, sum);
        } else {
          let slot = 2u * id + select(1u, 0u, isFirst);
          nextIds[slot] = bucket;
          store_nextPartials(slot, sum);
        }
        isFirst = false;
      }
      bucket = here;
      sum = identity();
    }
    if (e < end) { sum = addPoints(sum, load_partials(e)); }
  }`,
});

/**
 * param: groups of all windows, buckets of a group, groups of a window, bits of a weight.
 * Σ (first + k + 1)·bucket for the buckets of a group.
 */
const weigh = (library: string): Kernel => ({
  name: "weigh",
  library,
  bindings: [reads("buckets", "points"), writes("weighed", "points")],
  body: `
  if (id >= param(0u)) { return; }
  let summing = 2u * param(1u);
  let doubling = summing + 2u * param(3u);
  let first = (id % param(2u)) * param(1u);
  var running = identity();
  var sum = identity();
  var multiple = identity();
  for (var step = 0u; step <= doubling; step++) { // one addition in the code: compilers write each out
    let odd = (step & 1u) == 1u;
    var p = sum;
    var q = running;
    if (step < summing) {
      if (!odd) {
        p = running;
        q = load_buckets(id * param(1u) + param(1u) - 1u - (step >> 1u));
      }
    } else {
      if (step == doubling) {
        q = multiple;
      } else {
        p = multiple;
        let bit = param(3u) - 1u - ((step - summing) >> 1u);
        if (!odd) { q = multiple; } else { if (((first >> bit) & 1u) == 0u) { q = identity(); } }
      }
    }
    let r = addPoints(p, q);
    if (step == doubling) { sum = r; } else {
      if (step >= summing) { multiple = r; } else { if (odd) { sum = r; } else { running = r; } }
    }
  }
  store_weighed(id, sum);`,
});

/** param: sums, points of a sum. */
const addUp = (library: string): Kernel => ({
  name: "addUp",
  library,
  bindings: [reads("terms", "points"), writes("sums", "points")],
  body: `
  if (id >= param(0u)) { return; }
  var sum = identity();
  for (var k = 0u; k < param(1u); k++) { sum = addPoints(sum, load_terms(id * param(1u) + k)); }
  store_sums(id, sum);`,
});
