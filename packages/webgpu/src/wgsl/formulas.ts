// Formulas of the Explicit-Formulas Database on y² = x³ + b (a = 0), as lists of steps, so that WGSL can be
// written from them in two ways: in a line, or as a program that one loop runs.

export type Operation = "mul" | "add" | "sub";
export type Step = readonly [to: string, operation: Operation, a: string, b: string];

/** "to = a op b" lines. */
const steps = (text: string): Step[] =>
  text
    .trim()
    .split("\n")
    .map((line) => {
      const [to, , a, sign, b] = line.trim().split(" ") as [string, string, string, string, string];
      return [to, OPERATIONS[sign]!, a, b];
    });

const OPERATIONS: Readonly<Record<string, Operation>> = { "*": "mul", "+": "add", "-": "sub" };

/** add-2008-s, until it is known whether P = ±Q: then d = 0, and r = 0 for P = Q. */
export const ADD_DIFFERENCES: readonly Step[] = steps(`
  u = pX * qZZ
  s = pY * qZZZ
  d = qX * pZZ
  d = d - u
  r = qY * pZZZ
  r = r - s
`);

/** The rest of an addition, once P is known over Q's denominators as (x, y); ZZ and ZZZ of the sum come last. */
const rest = (x: string, y: string, denominators: string): Step[] =>
  steps(`
  dd = d * d
  ddd = d * dd
  v = ${x} * dd
  X = r * r
  X = X - ddd
  X = X - v
  X = X - v
  Y = v - X
  Y = r * Y
  s = ${y} * ddd
  Y = Y - s
  ${denominators.trim()}
`);

/** The rest of add-2008-s. */
export const ADD_REST: readonly Step[] = rest(
  "u",
  "s",
  `
  ZZ = pZZ * qZZ
  ZZ = ZZ * dd
  ZZZ = pZZZ * qZZZ
  ZZZ = ZZZ * ddd
`,
);

/** The same with an affine Q: madd-2008-s. */
export const MIXED_DIFFERENCES: readonly Step[] = steps(`
  d = qX * pZZ
  d = d - pX
  r = qY * pZZZ
  r = r - pY
`);

export const MIXED_REST: readonly Step[] = rest(
  "pX",
  "pY",
  `
  ZZ = pZZ * dd
  ZZZ = pZZZ * ddd
`,
);

/** dbl-2008-s-1 of P. */
export const DOUBLE: readonly Step[] = steps(`
  u = pY + pY
  v = u * u
  w = u * v
  s = pX * v
  dd = pX * pX
  d = dd + dd
  d = d + dd
  X = d * d
  X = X - s
  X = X - s
  Y = s - X
  Y = d * Y
  ddd = w * pY
  Y = Y - ddd
  ZZ = v * pZZ
  ZZZ = w * pZZZ
`);

const multiplications = (...lists: readonly (readonly Step[])[]): number =>
  lists.flat().filter(([, operation]) => operation === "mul").length;

/** Multiplications of one mixed and one full addition. */
export const MIXED_ADDITION: number = multiplications(MIXED_DIFFERENCES, MIXED_REST);
export const FULL_ADDITION: number = multiplications(ADD_DIFFERENCES, ADD_REST);
