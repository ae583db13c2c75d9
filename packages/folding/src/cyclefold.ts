// CycleFold's side (eprint 2023/1192; Nova's relaxed fold, eprint 2021/370 §4) of a merge: the fresh
// instance that proves Q = P0 + ρP1 + ρ²P2 + ρ³P3, folded with both children's Φ (§5 steps 7, 8).

import {
  Fq,
  Grumpkin,
  type Point,
  type Rng,
  type Transcript,
  type Vec,
  ELEMENT_BYTES,
  areCanonical,
  horner,
  shortChallenge,
} from "@foldmesh/algebra";
import {
  CYCLE_FOLD_PUBLIC,
  type CycleFoldInstance,
  type CycleFoldWitness,
  type Quad,
  type Triple,
  cycleFoldBlock,
  cycleFoldWitness,
  pointLimbs,
} from "@foldmesh/circuits";
import { FoldingError, MergeRejected } from "./errors.ts";
import { type Setup, commit, products } from "./setup.ts";
import { type FormCheck, isVector, samePoint } from "./statement.ts";
import type { System } from "./system.ts";

/** Opening of a relaxed CycleFold instance. **Discloses the witness it opens.** */
export interface CycleFoldOpening {
  /** 12 public elements, X₀ the relaxation factor. */
  readonly X: readonly bigint[];
  /** 32-byte little-endian elements of F_q. */
  readonly W: Uint8Array;
  readonly E: Uint8Array;
  readonly bX: bigint;
  readonly bW: bigint;
  readonly bE: bigint;
}

/** What the merge circuit needs to know of the CycleFold fold. */
export interface CycleFoldHints {
  readonly Q: Point;
  readonly CW: Point;
  /** Commitments to T1 = cross(L,R), T2 = cross(L,u), T3 = cross(R,u). */
  readonly CT: Triple<Point>;
}

export interface CycleFolded extends CycleFoldHints {
  readonly phi: CycleFoldOpening;
}

type Products = readonly [az: Vec, bz: Vec, cz: Vec];

/** cross(a, b) = A_a∘B_b + A_b∘B_a − X_{a,0}C_b − X_{b,0}C_a */
export function crossTerm(
  { engine }: Setup,
  [ai, bi, ci]: Products,
  [aj, bj, cj]: Products,
  ui: bigint,
  uj: bigint,
): Vec {
  const F = engine.Fq;
  const quadratic = F.add(F.mul(ai, bj), F.mul(aj, bi));
  return F.linear([1n, Fq.neg(ui), Fq.neg(uj)], [quadratic, cj, ci]);
}

/**
 * Folds (φ_L, φ_R, fresh) and continues the transcript of the multi-fold.
 * @param t of ρ; @param points commitments of the four slots. Draws over F_q: b_W, b_T1, b_T2, b_T3.
 */
export async function cycleFoldProve(
  setup: Setup,
  transcript: Transcript,
  pair: readonly [CycleFoldOpening, CycleFoldOpening],
  { t, points }: { t: bigint; points: Quad<Point> },
  rng: Rng,
): Promise<CycleFolded> {
  const fresh = cycleFoldWitness(t, points);
  if (fresh.violations.length > 0) throw new MergeRejected(fresh.violations);
  return foldFresh(setup, transcript, pair, fresh, rng);
}

/** Folds whatever `fresh` is: a false one gives a φ that does not open its Φ. */
export async function foldFresh(
  setup: Setup,
  transcript: Transcript,
  [left, right]: readonly [CycleFoldOpening, CycleFoldOpening],
  fresh: Pick<CycleFoldWitness, "X" | "W">,
  rng: Rng,
): Promise<CycleFolded> {
  const { engine, keys } = setup;
  const F = engine.Fq;
  const bW = rng.element(Fq);
  const bT = rng.elements(Fq, 3);
  const Q: Point = [fresh.X[10]!, fresh.X[11]!];
  const W = [F.fromBytes(left.W), F.fromBytes(right.W), F.fromElements(fresh.W)] as const;
  const productsOf = (X: readonly bigint[], w: Vec): Products =>
    products(F, setup.CF, F.concat([F.fromElements(X), w]));
  const pL = productsOf(left.X, W[0]);
  const pR = productsOf(right.X, W[1]);
  const pu = productsOf(fresh.X, W[2]);
  const [uL, uR, uu] = [left.X[0]!, right.X[0]!, fresh.X[0]!];
  const T = [
    crossTerm(setup, pL, pR, uL, uR),
    crossTerm(setup, pL, pu, uL, uu),
    crossTerm(setup, pR, pu, uR, uu),
  ] as const;
  const CW = await commit(engine, keys.cfw, W[2], bW);
  const CT: CycleFoldHints["CT"] = [
    await commit(engine, keys.cfw, T[0], bT[0]!),
    await commit(engine, keys.cfw, T[1], bT[1]!),
    await commit(engine, keys.cfw, T[2], bT[2]!),
  ];
  const { value: r } = shortChallenge(
    transcript.absorb(cycleFoldBlock(pointLimbs(Q), CW, CT, 0n)).lane1,
  );
  // E = E_L + r(T1 + r((E_R + T2) + r·T3)), and so are its commitments and blinds
  const ER = F.add(F.fromBytes(right.E), T[1]);
  const fold3 = (l: bigint, m: bigint, n: bigint): bigint => horner(Fq, r, [l, m, n]);
  return {
    Q,
    CW,
    CT,
    phi: {
      X: fresh.X.map((x, n) => fold3(left.X[n]!, right.X[n]!, x)),
      W: await F.toBytes(F.horner(r, W)),
      E: await F.toBytes(F.horner(r, [F.fromBytes(left.E), T[0], ER, T[2]])),
      bX: fold3(left.bX, right.bX, 0n),
      bW: fold3(left.bW, right.bW, bW),
      bE: horner(Fq, r, [left.bE, bT[0]!, right.bE + bT[1]!, bT[2]!]),
    },
  };
}

/**
 * The native verifier of the fold on commitments: what the cf-fold section of the merge circuit computes.
 * The caller has validated that all points lie on their curves.
 */
export function cycleFoldVerify(
  system: System,
  transcript: Transcript,
  [left, right]: readonly [CycleFoldInstance, CycleFoldInstance],
  { rho, points }: { rho: bigint; points: Quad<Point> },
  hints: CycleFoldHints,
): CycleFoldInstance {
  const { Q, CW, CT } = hints;
  const X = [1n, rho, ...points.flat(), ...Q];
  const CX = Grumpkin.msm(system.generators.cfx, X);
  const { value: r } = shortChallenge(
    transcript.absorb(cycleFoldBlock(pointLimbs(Q), CW, CT, 0n)).lane1,
  );
  const nonNull = (point: Point | null): Point => {
    if (point === null) throw new FoldingError("DEGENERATE", "a folded commitment is the identity");
    return point;
  };
  const fold = (...terms: (Point | null)[]): Point => nonNull(Grumpkin.fold(r, terms.map(nonNull)));
  return {
    CX: fold(left.CX, right.CX, CX),
    CW: fold(left.CW, right.CW, CW),
    CE: fold(left.CE, CT[0], Grumpkin.add(right.CE, CT[1]), CT[2]),
  };
}

const isBytes = (bytes: unknown, elements: number): boolean =>
  bytes instanceof Uint8Array &&
  bytes.length === elements * ELEMENT_BYTES &&
  areCanonical(bytes, Fq.modulus);

/** Exact lengths and canonical elements. */
export const openingChecks = ({ dims }: System, phi: CycleFoldOpening): FormCheck[] => [
  ["phi.X", () => isVector(Fq, phi?.X, CYCLE_FOLD_PUBLIC)],
  ["phi.W", () => isBytes(phi.W, dims.cycleFoldWitness)],
  ["phi.E", () => isBytes(phi.E, dims.cycleFoldRows)],
  ["phi's blinds", () => isVector(Fq, [phi.bX, phi.bW, phi.bE], 3)],
];

/** Opens Φ completely: the three commitments and the relaxed relation. Returns the failed checks. */
export async function cycleFoldFailures(
  setup: Setup,
  Phi: CycleFoldInstance,
  phi: CycleFoldOpening,
): Promise<string[]> {
  const { engine, keys } = setup;
  const F = engine.Fq;
  const X = F.fromElements(phi.X);
  const W = F.fromBytes(phi.W);
  const E = F.fromBytes(phi.E);
  const failures: string[] = [];
  const opens = async (name: string, key: Setup["keys"]["cfx"], v: Vec, b: bigint, C: Point) => {
    const point = await engine.commit(key, v, b);
    if (point === null || !samePoint(point, C)) failures.push(`phi: ${name}`);
  };
  await opens("CX", keys.cfx, X, phi.bX, Phi.CX);
  await opens("CW", keys.cfw, W, phi.bW, Phi.CW);
  await opens("CE", keys.cfw, E, phi.bE, Phi.CE);
  const relaxed = relaxedError(setup, products(F, setup.CF, F.concat([X, W])), phi.X[0]!);
  if (!(await F.isZero(F.sub(relaxed, E)))) failures.push("phi: relation");
  return failures;
}

/** Az∘Bz − X₀·Cz */
export const relaxedError = ({ engine }: Setup, [az, bz, cz]: Products, u: bigint): Vec =>
  engine.Fq.linear([1n, Fq.neg(u)], [engine.Fq.mul(az, bz), cz]);
