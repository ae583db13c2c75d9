// Verification of compressed proofs: O(non-zeros) field work, a commitment of a witness's length (or, with a KZG
// key, O(log) points and two pairings) and a small one for Φ, and nothing that grows with the number of steps.

import { type Rng, Fp, Fq } from "@foldmesh/algebra";
import { freshX, provenance } from "@foldmesh/circuits";
import { FoldingError } from "../errors.ts";
import { sameList } from "../statement.ts";
import { type FinalInstance, finalFoldVerify, finalHeader } from "./final-fold.ts";
import { type Obligation, areMet, isMet } from "./ipa.ts";
import { type MainObligation, areMainMet, lastScalar, reduceMain } from "./main-opening.ts";
import { openingStatement } from "./opening.ts";
import { type CompressedProof, decodeProof } from "./proof.ts";
import { relaxedReduce } from "./relaxed.ts";
import type { VerifierKey } from "./verifier-key.ts";

/** The statement the caller expects. There is no default for what a proof is about. */
export interface CompressedExpectation {
  readonly z0: readonly bigint[];
  readonly zn: readonly bigint[];
  /** Number of leaves: steps divided by the program's steps per leaf. */
  readonly steps: bigint;
  /** Index of the first leaf. Default 0. */
  readonly first?: bigint;
  /** Root of the contributors' tree: compared with `provenance(k, D)`, never with D.pid. */
  readonly provenance?: bigint;
}

/**
 * Returns the names of the failed checks; an empty list means that the proof is valid and says exactly what
 * is expected. Takes any bytes and never throws for them.
 *
 * @example
 * const failures = await verifyCompressed(key, bytes, { z0, zn, steps: 1000n });
 */
export async function verifyCompressed(
  key: VerifierKey,
  bytes: Uint8Array,
  expected: CompressedExpectation,
): Promise<string[]> {
  const read = readExpected(key, bytes, expected);
  if ("failures" in read) return read.failures;
  return key.exclusive(async () => {
    const reduced = await reduceProof(key, read.proof);
    return reduced.failures.concat(await unmet(key, reduced.obligations));
  });
}

type Read = { readonly failures: string[] } | { readonly proof: CompressedProof };

/** Decodes and compares the statement. */
function readExpected(key: VerifierKey, bytes: Uint8Array, expected: CompressedExpectation): Read {
  let proof: CompressedProof;
  try {
    proof = decodeProof(key.system, bytes);
  } catch (error) {
    if (!(error instanceof FoldingError)) throw error;
    return { failures: [`form: ${error.message}`] };
  }
  const failures = unexpected(key, proof, expected);
  return failures.length > 0 ? { failures } : { proof };
}

function unexpected(
  { permute }: VerifierKey,
  { k, D }: CompressedProof,
  { z0, zn, steps, first = 0n, provenance: pid }: CompressedExpectation,
): string[] {
  const checks: [name: string, ok: boolean][] = [
    ["i", D.i === first],
    ["j", D.j === first + steps],
    ["z", sameList(z0, D.zIn)],
    ["z'", sameList(zn, D.zOut)],
    ["pid", pid === undefined || pid === provenance(permute, k, D)],
  ];
  return checks.filter(([, ok]) => !ok).map(([name]) => `statement: ${name}`);
}

/** What is left of an honest proof: one commitment on each curve, or two pairings instead of that on G1. */
interface Reduced {
  readonly failures: string[];
  readonly obligations: { readonly main?: MainObligation; readonly Phi?: Obligation };
}

const refused = (...failures: string[]): Reduced => ({ failures, obligations: {} });

/** Everything but the two commitments. */
const reduceProof = (key: VerifierKey, proof: CompressedProof): Promise<Reduced> =>
  key.engine.scope(() => reduceInScope(key, proof));

async function reduceInScope(key: VerifierKey, proof: CompressedProof): Promise<Reduced> {
  const folded = verifyFold(key, proof);
  if (folded === null) return refused("fold");
  const statement = await openingStatement(key, folded, proof.blind);
  const main = await reduceMain(key, statement, folded, proof.blind, proof.opening);
  if (main === null) return refused("opening");
  const last = lastScalar(proof.opening);
  const { transcript } = statement;
  const Phi = await relaxedReduce(key, transcript, last, proof.D.Phi, proof.relaxed);
  return "failures" in Phi
    ? { failures: [...Phi.failures], obligations: { main } }
    : { failures: [], obligations: { main, Phi: Phi.obligation } };
}

function verifyFold(
  { permute, system: { vk } }: VerifierKey,
  { k, D, Urnd, C, fold }: CompressedProof,
): FinalInstance | null {
  const slots = { U: D.U, Urnd, u: { C, X: freshX(permute, vk, k, D) } };
  try {
    return finalFoldVerify(permute, finalHeader(permute, vk, { k, D }, Urnd), slots, fold);
  } catch (error) {
    if (error instanceof FoldingError && error.code === "DEGENERATE") return null;
    throw error;
  }
}

async function unmet(key: VerifierKey, { main, Phi }: Reduced["obligations"]): Promise<string[]> {
  const failures: string[] = [];
  if (main && !(await areMainMet(key, [1n], [main]))) failures.push("opening");
  if (Phi && !(await isMet(key.engine, Phi))) failures.push("Phi: opening");
  return failures;
}

/** A proof with the statement it should have. */
export interface BatchItem {
  readonly proof: Uint8Array;
  readonly expected: CompressedExpectation;
}

/**
 * `verifyCompressed` of many proofs of one program: the commitments (or pairings) of all are checked as one
 * random combination on each curve, and one by one only when that fails.
 * @param rng decides the combination: it must be unpredictable to whoever made the proofs
 * @returns the failed checks of each proof
 */
export async function verifyCompressedBatch(
  key: VerifierKey,
  items: readonly BatchItem[],
  rng: Rng,
): Promise<string[][]> {
  const reads = items.map(({ proof, expected }) => readExpected(key, proof, expected));
  return key.exclusive(async () => {
    const reduced: Reduced[] = [];
    for (const read of reads) {
      reduced.push(
        "failures" in read ? refused(...read.failures) : await reduceProof(key, read.proof),
      );
    }
    if (await allMet(key, reduced, rng)) return reduced.map(({ failures }) => failures);
    const out: string[][] = [];
    for (const { failures, obligations } of reduced) {
      out.push(failures.concat(await unmet(key, obligations)));
    }
    return out;
  });
}

async function allMet(key: VerifierKey, all: readonly Reduced[], rng: Rng): Promise<boolean> {
  const mains = all.flatMap(({ obligations }) => obligations.main ?? []);
  const Phis = all.flatMap(({ obligations }) => obligations.Phi ?? []);
  const met = mains.length === 0 || (await areMainMet(key, rng.elements(Fp, mains.length), mains));
  if (!met || Phis.length === 0) return met;
  return areMet(key.engine, rng.elements(Fq, Phis.length), Phis);
}
