// Arithmetic of one prime field in WGSL, from one template over the modulus and the layout of limbs.
// Elements are Montgomery forms x·R, always below the modulus, so that equal elements are equal words;
// in buffers they are 8 words (two vec4<u32>), lowest first, in limbs only between load and store.

import type { PrimeField } from "@foldmesh/algebra";
import { type Layout, limbsOf, radixOf, stepsBetweenCarries } from "./layout.ts";

export const WORDS = 8;

const literal = (x: number | bigint): string => `${x}u`;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");

/** The type F with pack and unpack, zero, one, add, sub, neg, mul, sqr, isZero, inverse. */
export const fieldCode = (field: PrimeField, layout: Layout): string =>
  [
    constants(field, layout),
    unpackCode(layout),
    packCode(layout),
    sumCode(layout),
    stepsBetweenCarries(field, layout) > 0 ? lazyMultiply(field, layout) : carriedMultiply(layout),
    powerCode(field),
  ].join("\n");

/** `array<u32, limbs>` of the element's Montgomery form. */
export const elementLiteral = (field: PrimeField, layout: Layout, x: bigint): string =>
  limbLiteral(layout, field.mul(x, radixOf(layout)));

/** The limbs of an integer below R as they are. */
export const limbLiteral = (layout: Layout, x: bigint): string =>
  `F(${limbsOf(layout, x).map(literal).join(", ")})`;

function constants(field: PrimeField, layout: Layout): string {
  const { bits, limbs } = layout;
  const inverse = field.modulus; // odd: invertible modulo a power of two
  let n0 = 1n;
  for (let k = 0; k < 5; k++) n0 = BigInt.asUintN(bits, n0 * (2n - inverse * n0));
  const negated = BigInt.asUintN(bits, -n0);
  return `
alias F = array<u32, ${limbs}>;
const N = ${literal(limbs)};
const W = ${literal(bits)};
const MASK = ${literal(2 ** bits - 1)};
const N0 = ${literal(negated)};
var<private> P: F = ${limbLiteral(layout, field.modulus)};
fn zero() -> F { return F(); }
fn one() -> F { return ${elementLiteral(field, layout, 1n)}; }
`;
}

/** Eight words to limbs: shifts by constants, written out. */
function unpackCode({ bits, limbs }: Layout): string {
  const word = (k: number): string => (k < 4 ? `lo[${k}]` : `hi[${k - 4}]`);
  const lines = range(limbs).map((j) => {
    const at = bits * j;
    const [k, shift] = [at >> 5, at & 31];
    if (k >= WORDS) return `0u`;
    const low = shift === 0 ? word(k) : `(${word(k)} >> ${literal(shift)})`;
    const both =
      shift + bits > 32 && k + 1 < WORDS
        ? `(${low} | (${word(k + 1)} << ${literal(32 - shift)}))`
        : low;
    return `${both} & MASK`;
  });
  return `fn unpack(lo: vec4<u32>, hi: vec4<u32>) -> F { return F(${lines.join(", ")}); }`;
}

/** Limbs to eight words. */
function packCode({ bits, limbs }: Layout): string {
  const word = (k: number): string => {
    const parts = range(limbs).flatMap((j) => {
      const shift = bits * j - 32 * k;
      if (shift <= -bits || shift >= 32) return [];
      if (shift === 0) return [`x[${j}]`];
      return [shift > 0 ? `(x[${j}] << ${literal(shift)})` : `(x[${j}] >> ${literal(-shift)})`];
    });
    return parts.length === 0 ? "0u" : parts.join(" | ");
  };
  const half = (first: number): string =>
    `vec4<u32>(${range(4)
      .map((k) => word(first + k))
      .join(", ")})`;
  return `fn pack_lo(x: F) -> vec4<u32> { return ${half(0)}; }
fn pack_hi(x: F) -> vec4<u32> { return ${half(4)}; }`;
}

/** Limbs from `from` on: a loop, or written out, so that limbs stay in registers whatever a compiler does. */
function eachLimb({ limbs, style }: Layout, body: (j: string) => string, from = 0): string {
  if (style !== "unrolled") {
    return `for (var j = ${literal(from)}; j < N; j++) { ${body("j")} }`;
  }
  return range(limbs - from)
    .map((k) => `{ ${body(literal(from + k))} }`)
    .join("\n  ");
}

/** Sums and differences; `reduced` takes x < 2·modulus with clean limbs. */
function sumCode(layout: Layout): string {
  const subtract = (a: string, b: string): string => `
  var d: F;
  var borrow = 0i;
  ${eachLimb(
    layout,
    (j) =>
      `let s = i32(${a}[${j}]) - i32(${b}[${j}]) + borrow; d[${j}] = u32(s) & MASK; borrow = s >> W;`,
  )}`;
  const plus = (to: string, a: string, b: string): string => `
  var carry = 0u;
  ${eachLimb(
    layout,
    (j) => `let s = ${a}[${j}] + ${b}[${j}] + carry; ${to}[${j}] = s & MASK; carry = s >> W;`,
  )}`;
  return `
fn reduced(x: F) -> F {${subtract("x", "P")}
  if (borrow < 0i) { return x; }
  return d;
}
fn add(a: F, b: F) -> F {
  var c: F;${plus("c", "a", "b")}
  return reduced(c);
}
fn sub(a: F, b: F) -> F {${subtract("a", "b")}
  if (borrow == 0i) { return d; }${plus("d", "d", "P")}
  return d;
}
fn isZero(a: F) -> bool {
  var bits = 0u;
  ${eachLimb(layout, (j) => `bits |= a[${j}];`)}
  return bits == 0u;
}
fn neg(a: F) -> F { return sub(zero(), a); }
`;
}

/**
 * Limb by limb of a, with carries passed on only every few steps (Mitscha-Baude's variant of CIOS):
 * t + a_i·b + m·P, divided by 2^W.
 */
function lazyMultiply(field: PrimeField, layout: Layout): string {
  const every = stepsBetweenCarries(field, layout);
  const carryOn = eachLimb(layout, (j) => `t[${j}] += t[${j} - 1u] >> W; t[${j} - 1u] &= MASK;`, 1);
  const now =
    every >= layout.limbs
      ? ""
      : `if (i % ${literal(every)} == ${literal(every - 1)}) { ${carryOn} }`;
  return `
fn mul(a: F, b: F) -> F {
  var t: F;
  for (var i = 0u; i < N; i++) {
    let ai = a[i];
    let t0 = t[0] + ai * b[0];
    let m = (t0 * N0) & MASK;
${layout.style === "unrolled" ? indented(unrolledStep(field, layout)) : LOOPED_STEP}
    ${now}
  }
  ${carryOn}
  return reduced(t);
}
fn sqr(a: F) -> F { return mul(a, a); }
`;
}

const LOOPED_STEP = `    var carry = (t0 + m * P[0]) >> W;
    for (var j = 1u; j < N; j++) {
      t[j - 1u] = t[j] + ai * b[j] + m * P[j] + carry;
      carry = 0u;
    }
    t[N - 1u] = 0u;`;

function unrolledStep(field: PrimeField, layout: Layout): string[] {
  const p = limbsOf(layout, field.modulus);
  const steps = range(layout.limbs - 1).map((k) => {
    const j = k + 1;
    const carry = k === 0 ? " + carry" : "";
    return `t[${k}] = t[${j}] + ai * b[${j}] + m * ${literal(p[j]!)}${carry};`;
  });
  return [
    `let carry = (t0 + m * ${literal(p[0]!)}) >> W;`,
    ...steps,
    `t[${layout.limbs - 1}] = 0u;`,
  ];
}

/** 16-bit limbs: a product and two limbs just fill 32 bits, so every sum carries. */
function carriedMultiply({ limbs, style }: Layout): string {
  const unrolled = style === "unrolled";
  const product = (j: string): string =>
    `{ let s = t[${j}] + ai * b[${j}] + c; t[${j}] = s & MASK; c = s >> W; }`;
  const quotient = (j: string, k: string): string =>
    `{ let s = t[${j}] + m * P[${j}] + c; t[${k}] = s & MASK; c = s >> W; }`;
  const loop = (from: number, body: string): string =>
    `for (var j = ${literal(from)}; j < N; j++) ${body}`;
  const products = unrolled
    ? indented(range(limbs).map((j) => product(literal(j))))
    : loop(0, product("j"));
  const quotients = unrolled
    ? indented(range(limbs - 1).map((k) => quotient(literal(k + 1), literal(k))))
    : loop(1, quotient("j", "j - 1u"));
  return `
fn mul(a: F, b: F) -> F {
  var t: F;
  for (var i = 0u; i < N; i++) {
    let ai = a[i];
    var c = 0u;
    ${products}
    let top = c;
    let m = (t[0] * N0) & MASK;
    c = (t[0] + m * P[0]) >> W;
    ${quotients}
    t[N - 1u] = top + c;
  }
  return reduced(t);
}
fn sqr(a: F) -> F { return mul(a, a); }
`;
}

/** Powers by a constant exponent, and the inverse by Fermat; the inverse of 0 is 0. */
function powerCode(field: PrimeField): string {
  const exponent = field.modulus - 2n;
  const words = range(WORDS).map((k) => literal(BigInt.asUintN(32, exponent >> BigInt(32 * k))));
  return `
fn inverse(a: F) -> F {
  var e = array<u32, 8>(${words.join(", ")});
  var r = one();
  for (var k = 0u; k < 256u; k++) {
    let at = 255u - k;
    r = sqr(r);
    if (((e[at >> 5u] >> (at & 31u)) & 1u) == 1u) { r = mul(r, a); }
  }
  return r;
}
`;
}
