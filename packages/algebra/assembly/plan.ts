/**
 * One rank's work on one multi-scalar multiplication: parameters and the addresses of its scratch
 * areas. Written by src/msm/plan.ts (PLAN_FIELDS, in this order), all fields 32 bits.
 */
@unmanaged
export class Plan {
  /** Packed bases: table j (of 2^(j·spacing)·Gᵢ) at tables + j·tableBytes. */
  tables: usize;
  tableBytes: u32;
  tableCount: u32;
  /** 128 = tableCount·spacing; `sets` windows cover the spacing, each with its own set of buckets. */
  spacing: u32;
  sets: u32;
  /** u32 widths of the windows 0 … sets−1, each ≤ 16. */
  widths: usize;
  /** Buckets of a set are 0 … 2^(widest−1), `stride` of them; bucket 0 stays empty. */
  stride: u32;
  /** Sets summed at once. */
  group: u32;

  // ---- scalars: see scalars.ts
  /** Room of the lists below, in scalars. */
  capacity: u32;
  wideCount: u32;
  wide: usize;
  wideIndex: usize;
  smallCount: u32;
  small: usize;
  smallIndex: usize;
  /** u32[64]: small scalars by bit length. */
  histogram: usize;
  /** i16 rows of `rowBytes`, two for each window of each table. */
  digits: usize;
  rowBytes: u32;

  // ---- buckets of the group: see sort.ts, runs.ts and reduce.ts
  /** u32[group·stride] */
  counters: usize;
  /** u32 entries, sorted by bucket. */
  entries: usize;
  /** u32[group·stride]: where a bucket's sum is, 0 when it is empty. */
  sums: usize;
  /** Points, group·stride. */
  homes: usize;
  /** u32[128] and 128 points: the summand of 2^e, e < spacing; sums 0 for none. */
  weightSums: usize;
  weightHomes: usize;
  /** u32[128] */
  weightEnds: usize;

  // ---- additions: see batch.ts and tree.ts
  /** Entries summed in one go. */
  chunk: u32;
  /** Segments of the tree, `chunk`·12 bytes. */
  segments: usize;
  /** Points, 2·`chunk`. */
  work: usize;
  /** Additions in one batch, and room for them. */
  batch: u32;
  list: usize;
  scratch: usize;
  /** A point nobody reads. */
  junk: usize;
  /** Elements for exceptional additions and the last sum: see complete.ts. */
  elements: usize;
  /** Not 0 once a sum was the identity: from then on operands are looked at one by one. */
  identities: u32;
}
