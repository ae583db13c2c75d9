// Points in WGSL, as XYZZ (x = X/ZZ, y = Y/ZZZ, ZZ³ = ZZZ²; ZZ = 0 is the identity). P + P and P − P are
// told apart from other sums because stored elements have one form.

import type { PrimeField } from "@foldmesh/algebra";
import { fieldCode } from "./field.ts";
import {
  ADD_DIFFERENCES,
  ADD_REST,
  DOUBLE,
  MIXED_DIFFERENCES,
  MIXED_REST,
  type Step,
} from "./formulas.ts";
import type { Layout } from "./layout.ts";

/** The field's code and XYZZ, identity, isIdentity, addPoints(p, q), addAffine(p, x, y). */
export const curveCode = (base: PrimeField, layout: Layout): string =>
  fieldCode(base, layout) + COMMON + (layout.style === "compact" ? interpreted() : inLine());

const COMMON = `
struct XYZZ { c: array<F, 4> }
fn identity() -> XYZZ { return XYZZ(); }
fn isIdentity(p: XYZZ) -> bool { return isZero(p.c[2]); }
fn affine(x: F, y: F) -> XYZZ { return XYZZ(array<F, 4>(x, y, one(), one())); }
`;

const INPUTS: Readonly<Record<string, string>> = {
  pX: "p.c[0]",
  pY: "p.c[1]",
  pZZ: "p.c[2]",
  pZZZ: "p.c[3]",
  qX: "q.c[0]",
  qY: "q.c[1]",
  qZZ: "q.c[2]",
  qZZZ: "q.c[3]",
};
const RESULT = "XYZZ(array<F, 4>(X, Y, ZZ, ZZZ))";

function inLine(): string {
  const declared = (lists: readonly (readonly Step[])[]): string =>
    [...new Set(lists.flat().map(([to]) => to))].map((name) => `  var ${name}: F;`).join("\n");
  const written = (list: readonly Step[], inputs: Readonly<Record<string, string>>): string =>
    list
      .map(
        ([to, operation, a, b]) => `  ${to} = ${operation}(${inputs[a] ?? a}, ${inputs[b] ?? b});`,
      )
      .join("\n");
  const addition = (
    [differences, rest]: readonly [readonly Step[], readonly Step[]],
    inputs: Readonly<Record<string, string>>,
  ): string => `
${declared([differences, rest])}
${written(differences, inputs)}
  if (isZero(d)) {
    if (isZero(r)) { return double(p); }
    return identity();
  }
${written(rest, inputs)}
  return ${RESULT};
}`;
  return `
fn double(p: XYZZ) -> XYZZ {
${declared([DOUBLE])}
${written(DOUBLE, INPUTS)}
  return ${RESULT};
}
fn addPoints(p: XYZZ, q: XYZZ) -> XYZZ {
  if (isIdentity(p)) { return q; }
  if (isIdentity(q)) { return p; }
${addition([ADD_DIFFERENCES, ADD_REST], INPUTS)}
fn addAffine(p: XYZZ, qx: F, qy: F) -> XYZZ {
  if (isIdentity(p)) { return affine(qx, qy); }
${addition([MIXED_DIFFERENCES, MIXED_REST], { ...INPUTS, qX: "qx", qY: "qy" })}
`;
}

const REGISTERS = [
  ...Object.keys(INPUTS),
  "X",
  "Y",
  "ZZ",
  "ZZZ",
  "u",
  "s",
  "d",
  "r",
  "dd",
  "ddd",
  "v",
  "w",
];
const CODES = { mul: 0, add: 1, sub: 2 } as const;

/** One multiplication, one sum, one difference in the code, run by a loop over the steps. */
function interpreted(): string {
  const lists = [ADD_DIFFERENCES, ADD_REST, MIXED_DIFFERENCES, MIXED_REST, DOUBLE];
  const register = (name: string): number => REGISTERS.indexOf(name);
  const words = lists
    .flat()
    .map(
      ([to, operation, a, b]) =>
        `${(CODES[operation] << 24) | (register(to) << 16) | (register(a) << 8) | register(b)}u`,
    );
  let at = 0;
  const [add, addRest, mixed, mixedRest, double] = lists.map(({ length }) => {
    const from = at;
    at += length;
    return `vec2<u32>(${from}u, ${at}u)`;
  });
  const X = register("X");
  return `
var<private> STEPS: array<u32, ${words.length}> = array<u32, ${words.length}>(${words.join(", ")});
fn sum(p: XYZZ, q: XYZZ, differences: vec2<u32>, rest: vec2<u32>) -> XYZZ {
  var v: array<F, ${REGISTERS.length}>;
  for (var k = 0u; k < 4u; k++) { v[k] = p.c[k]; v[4u + k] = q.c[k]; }
  var steps = differences;
  for (var part = 0u; part < 2u; part++) {
    for (var pc = steps.x; pc < steps.y; pc++) {
      let step = STEPS[pc];
      let a = v[(step >> 8u) & 0xffu];
      let b = v[step & 0xffu];
      var c: F;
      switch (step >> 24u) {
        case 0u: { c = mul(a, b); }
        case 1u: { c = add(a, b); }
        default: { c = sub(a, b); }
      }
      v[(step >> 16u) & 0xffu] = c;
    }
    if (part == 0u) {
      steps = rest;
      if (isZero(v[${register("d")}])) {
        if (!isZero(v[${register("r")}])) { return identity(); }
        steps = ${double};
      }
    }
  }
  return XYZZ(array<F, 4>(v[${X}], v[${X + 1}], v[${X + 2}], v[${X + 3}]));
}
fn addPoints(p: XYZZ, q: XYZZ) -> XYZZ {
  if (isIdentity(p)) { return q; }
  if (isIdentity(q)) { return p; }
  return sum(p, q, ${add}, ${addRest});
}
fn addAffine(p: XYZZ, qx: F, qy: F) -> XYZZ {
  let q = affine(qx, qy);
  if (isIdentity(p)) { return q; }
  return sum(p, q, ${mixed}, ${mixedRest});
}
`;
}
