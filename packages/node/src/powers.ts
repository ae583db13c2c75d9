// Powers of tau that this node was started with, by the names that requests and auctions have for them.

import type { Hex32 } from "@foldmesh/protocol";
import { type KeyChoice, type Powers, namePowers } from "@foldmesh/prover";

export interface PowersShelf {
  /** The commitment key of a request, or undefined when its powers are not here. */
  keyOf(powers: Hex32 | undefined): KeyChoice | undefined;
  /** How many there are, for a program that needs so many. */
  countOf(powers: Hex32): number;
}

/** Of two files with the same powers the longer one counts. @throws ProverError KEY */
export async function createPowersShelf(paths: readonly string[]): Promise<PowersShelf> {
  const named = await Promise.all(paths.map(namePowers));
  const shelf = new Map<Hex32, Powers>();
  for (const powers of named.toSorted((a, b) => a.count - b.count)) shelf.set(powers.name, powers);
  return {
    keyOf(name) {
      if (name === undefined) return "transparent";
      const powers = shelf.get(name);
      return powers && { ptau: powers.path };
    },
    countOf: (name) => shelf.get(name)?.count ?? 0,
  };
}

/** What a node says that lacks them. */
export const missingPowers = (powers: Hex32): string =>
  `the program is bound to powers of tau (SHA-256 of [tau] in G2: ${powers}) that this node does not have: ask another one, or have it started with --ptau FILE`;
