// Layout of a curve's constants, written into static memory by its point kernels
// (src/codegen/point-constants.ts is the other side).

/** The base field's modulus in nine 30-bit limbs of i64. */
export const MODULUS: usize = 0;
/** −m⁻¹ mod 2^30. */
export const MODULUS_NEG_INVERSE: usize = 72;
/** Six 128-bit integers for the GLV split: see glv.ts. */
export const GLV: usize = 80;
/** Two working points and the same two packed, of unequal x, to fill up a list. */
export const FILLERS: usize = 176;
export const FILLERS_PACKED: usize = 336;
