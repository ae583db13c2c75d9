// Work of one job that can only be done one after the other takes one slot, however much of it is promised.

import type { CIDText, Range, TaskKind } from "@foldmesh/protocol";

/** A lease that is held, or a lot that was won. */
export interface Piece {
  readonly job: CIDText;
  readonly kind: TaskKind;
  readonly range: Range;
}

/**
 * Whether a lot takes the node of something that this machine has promised already: it can begin only when that is done, so the same
 * slot serves for both.
 */
export const needsNoSlot = (lot: Piece, promised: readonly Piece[]): boolean =>
  promised.some((each) => each.job === lot.job && isAbove(lot, each));

/** Ranges of a job's tree are nested or apart; a compression stands on the node of the same range. */
function isAbove(above: Piece, below: Piece): boolean {
  const { start, end } = below.range;
  if (start < above.range.start || above.range.end < end) return false;
  const isSame = start === above.range.start && end === above.range.end;
  return isSame ? above.kind === "compress" && below.kind !== "compress" : above.kind !== "prove";
}
