// Where the point kernels keep what, for them and for those who allocate it.

/** Bytes of a working point: x ‖ y in element layout. All zero is the identity. */
export const POINT = 80;
/** Bytes of a packed point: x ‖ y packed, one cache line. */
export const PACKED_POINT = 64;

/**
 * A slot holds two additions (x1, y1) + (x2, y2) in lanes. Differences in memory are lazy (weight 2):
 * the field's `mul` allows that.
 */
export const SLOT = {
  /** x2 − x1, later its inverse, later the slope. */
  dx: 0,
  /** Product of the dx of the slots before, on the same chain. */
  prefix: 80,
  x1: 160,
  x2: 240,
  y1: 320,
  y2: 400,
  bytes: 480,
  /** Bytes of the list that a slot takes: two times {left, right, out}. */
  listBytes: 24,
} as const;

/** Chains of prefix products, on even and odd slots: independent, so that they overlap. */
export const CHAINS = 2;

/** Offsets after the slots; the ends of the chains lie there as if in two more slots. */
export const AREA = {
  /** Both chains' product, by lanes. */
  lanes: 960,
  /** Product of the lanes of `lanes`. */
  total: 1040,
  /** Its inverse, written by the caller. */
  inverse: 1120,
  /** Inverses of what is left of the chains. */
  chains: 1200,
  /** `lanes`, exchanged. */
  swapped: 1360,
  bytes: 1440,
} as const;

/** Bytes of scratch of a batch of n additions. */
export const batchScratchBytes = (n: number): number => (n / 2) * SLOT.bytes + AREA.bytes;
