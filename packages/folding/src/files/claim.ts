// What a node and a compressed proof say first, in the same places in both, readable without their system:
//   magic 6 | version u16be | vk 32 | k u8 | i u32be | j u32be | z a·32 | z' a·32 | pid 32

import { Fp, type Permutation } from "@foldmesh/algebra";
import { type Statement, provenance } from "@foldmesh/circuits";
import { FoldingError } from "../errors.ts";
import { Reader } from "../reader.ts";
import { type FormCheck, firstFault, isKind, isRange } from "../statement.ts";

/** A statement by a proof's own words, which **nobody need believe** before the proof was verified. */
export interface Claim extends Pick<Statement, "i" | "j" | "zIn" | "zOut"> {
  readonly vk: bigint;
  /** Who contributed, see `provenance`. */
  readonly provenance: bigint;
}

const VK_AT = 8;

/**
 * The claim of a node's or a compressed proof's encoding: enough to refuse what nobody asked for before
 * anything is derived.
 * @param a elements of the program's state
 * @throws FoldingError DECODE when there can be none
 */
export function readClaim(permute: Permutation, a: number, body: Uint8Array): Claim {
  const reader = new Reader(body, VK_AT, decodeError);
  const vk = reader.element(Fp, "vk");
  const k = BigInt(reader.bytes(1)[0]!);
  const [i, j] = [reader.index(), reader.index()];
  const [zIn, zOut] = [reader.elements(Fp, a, "z"), reader.elements(Fp, a, "z'")];
  const pid = reader.element(Fp, "pid");
  const checks: FormCheck[] = [
    ["kind", () => isKind(k)],
    ["range", () => isRange(i, j)],
  ];
  const fault = firstFault(checks);
  if (fault !== null) throw decodeError(`${fault} is malformed`);
  return { vk, i, j, zIn, zOut, provenance: provenance(permute, k, { pid, i }) };
}

const decodeError = (message: string): FoldingError =>
  new FoldingError("DECODE", `not a proof of this program: ${message}`);
