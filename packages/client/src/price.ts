import type { Money } from "@foldmesh/protocol";
import type { Quotation } from "./methods.ts";

/** Micro-units per million constraints, where nobody offers anything yet. */
const USUAL_ASK = 1_000n;
/** Auctions begin at a part of the cap and rise. */
const HEADROOM = 3n;

/** A price cap that a job will probably not reach. */
export function suggestedCap({ typical, constraints }: Quotation): Money {
  const usual = (BigInt(constraints) * USUAL_ASK) / 1_000_000n;
  return (typical > usual ? typical : usual) * HEADROOM + 1n;
}
