// From a node to a short proof that hides its witness (§9): the last fold, the opening of what it gives, and
// Φ's side.
//
// Zero knowledge toward whoever gets the proof (random oracle model; hiding commitments). Seen is the
// statement D with U and Φ, the commitment of u, and what is below; let at least one leaf of the tree be
// masked by an honest party, so that U's opening is uniform.
//   - U_rnd is uniform and used once, so (W', b') is uniform up to the claims v' and y': opening it says nothing.
//   - The round polynomials hide behind χ·g, whose 3s+1 coefficients they and S determine one to one.
//   - The evaluations of U and U_rnd are forms of uniform witnesses, u's are uniform through m₁, m₂, m₃, y_U is a
//     form of U's Libra columns, which occur nowhere else; y_g follows from the last check.
//   - Φ's side hides Φ's opening whatever it is: relaxed.ts.
//   - u's masks serve once: `compressNode` redraws them (remask) before every compression.
// One node may be compressed many times: D is the same, the rest is drawn afresh. Its proofs share U, and with it
// the Libra columns behind y_U, so together they would not stand W' in the clear; they do not show it, but
// 2·log₂(n) + 1 forms of it, which hide behind the other columns of each U_rnd.
// **Different nodes over the same masks are another matter.** D shows U.X, in which a masked leaf stands as a one-time
// pad: of a checkpoint and of its continuation, both published, it cancels and the states between can be
// computed (test: "a mask serves one root"). Every root that is published needs a masked leaf of its own.
// What is not hidden: k, i, j, z, z' and pid. A tree without any masked leaf compresses to a proof that is
// just as sound and hides nothing, for U and Φ are in D: it is refused unless asked for. That refusal is against
// mistakes only: whoever makes the only masked leaf can remove it again, or draw one that is not uniform.

import type { Rng } from "@foldmesh/algebra";
import { FoldingError } from "../errors.ts";
import { type OpenRunning, randomRunning } from "../mask.ts";
import { type TreeNode, formFault, isUnmaskedLibra, remask } from "../node.ts";
import { type FinalFolded, type FinalSlots, finalFoldProve, finalHeader } from "./final-fold.ts";
import { libraColumns } from "./libra.ts";
import { lastScalar, proveMain } from "./main-opening.ts";
import { openingStatement } from "./opening.ts";
import { type CompressedProof, encodeProof } from "./proof.ts";
import { relaxedProve } from "./relaxed.ts";
import type { Compressor } from "./verifier-key.ts";

export interface CompressOptions {
  /** Compress a tree without any masked leaf: **the proof then discloses witnesses**. Default false. */
  readonly allowUnmasked?: boolean;
}

/**
 * The encoded proof of a node's statement: about 10 kB whatever the number of steps. The node is taken as
 * true; of a false one the proof does not verify. A node may be compressed any number of times, but two nodes
 * that share leaves hide less together: **each needs a masked leaf that the other has not**.
 *
 * @throws FoldingError UNMASKED when no leaf of the tree was masked, DECODE when the node is malformed
 * @example const proof = await compressNode(compressor, root, secureRng());
 */
export async function compressNode(
  compressor: Compressor,
  node: TreeNode,
  rng: Rng,
  { allowUnmasked = false }: CompressOptions = {},
): Promise<Uint8Array> {
  const { system } = compressor;
  const fault = formFault(system, node);
  if (fault !== null) throw new FoldingError("DECODE", `not a node of this program: ${fault}`);
  if (!allowUnmasked && isUnmaskedLibra(system, node.W)) {
    throw new FoldingError(
      "UNMASKED",
      "no leaf of this tree is masked, so its proof would disclose witnesses: prove the first leaf of each shard with mask: true",
    );
  }
  const masked = await remask(compressor, node, rng);
  return encodeProof(system, await compressOnce(compressor, masked, rng));
}

/**
 * Compresses a node as it is; a node whose fresh masks served before leaks.
 * Draws: those of `randomRunning`, then those of `relaxedProve`.
 */
export const compressOnce = (
  compressor: Compressor,
  node: TreeNode,
  rng: Rng,
): Promise<CompressedProof> =>
  compressor.exclusive(async () =>
    compressWith(compressor, node, await randomRunning(compressor, rng), rng),
  );

/** With a given U_rnd, which must be uniform and never be used again. Runs in the current scope. */
export async function compressWith(
  compressor: Compressor,
  node: TreeNode,
  random: OpenRunning,
  rng: Rng,
): Promise<CompressedProof> {
  const { proof: fold, folded, opening } = await lastFold(compressor, node, random);
  const statement = await openingStatement(compressor.verifier, folded, opening.b);
  const main = await proveMain(compressor, statement, opening.W);
  const last = lastScalar(main);
  return {
    k: node.k,
    D: node.D,
    C: node.u.C,
    Urnd: random.U,
    fold,
    blind: opening.b,
    opening: main,
    relaxed: await relaxedProve(compressor, statement.transcript, last, node.phi, rng),
  };
}

function lastFold(
  compressor: Compressor,
  node: TreeNode,
  random: OpenRunning,
): Promise<FinalFolded> {
  const { engine, system } = compressor;
  const F = engine.Fp;
  const slots: FinalSlots = { U: node.D.U, Urnd: random.U, u: node.u };
  return finalFoldProve(
    compressor,
    finalHeader(compressor.permute, system.vk, node, random.U),
    slots,
    [
      { W: F.fromBytes(node.W), b: node.bW },
      { W: F.fromBytes(random.W), b: random.bW },
      { W: F.fromBytes(node.w), b: node.bw },
    ],
    { U: libraColumns(system, node.W), Urnd: libraColumns(system, random.W) },
  );
}
