// Exports of a field module (codegen/field-module.ts): one module per field and backend.
// Addresses and counts are numbers; `pairs` counts 80-byte pairs and may be 0. A destination may be
// the same as a source, never overlap it in part. All vectors in memory hold normalised elements.

export interface FieldKernels {
  /** dst[i] = a[i]·b[i]/R (Montgomery product) */
  mul(dst: number, a: number, b: number, pairs: number): void;
  sqr(dst: number, a: number, pairs: number): void;
  add(dst: number, a: number, b: number, pairs: number): void;
  sub(dst: number, a: number, b: number, pairs: number): void;
  /** dst[i] = a[i]·k, k one pair */
  scale(dst: number, a: number, k: number, pairs: number): void;
  /** dst[i] = a[i]·k + b[i] */
  scaleAdd(dst: number, a: number, k: number, b: number, pairs: number): void;
  /** dst[i] = Σ k·v[i] over `count` terms (u32 address of pair k, u32 address of vector v). */
  linear(dst: number, terms: number, count: number, pairs: number): void;
  /** dst = Σ a[i]·b[i], one pair of lane sums */
  innerProduct(dst: number, a: number, b: number, pairs: number): void;
  /** 1 when every element is zero, padding included. */
  isZero(src: number, pairs: number): number;
  /** dst[i] = src[i], or 1 where it is zero */
  oneWhereZero(dst: number, src: number, pairs: number): void;
  /** dst[i] = 0 where mask[i] is zero */
  zeroWhereZero(dst: number, mask: number, pairs: number): void;
  /** dst[i] = lo[i] + r·(hi[i] − lo[i]), r one pair */
  bindTop(dst: number, lo: number, hi: number, r: number, pairs: number): void;
  /**
   * Over tables a, b, c whose upper halves start `half` bytes after the lower: three pairs of lane
   * sums at dst, of w·(ab − c) over the lower halves, over the upper halves, and of w·Δa·Δb.
   */
  quadraticRound(
    dst: number,
    a: number,
    b: number,
    c: number,
    w: number,
    half: number,
    pairs: number,
  ): void;
  /** Sparse matrix times vector: the program of codegen/sparse-kernels.ts, `rowPairs` of it. */
  multiplySparse(program: number, z: number, out: number, rowPairs: number): void;
  /** `pairs` pairs of 32-byte standard-form integers at dst, canonical little-endian */
  toIntegers(dst: number, src: number, pairs: number): void;
  /** Inverse of toIntegers; non-zero when some integer was not below the modulus. */
  fromIntegers(dst: number, src: number, pairs: number): number;
  /** n elements from element index si of src to di of dst; regions must not overlap. */
  copyElements(dst: number, di: number, src: number, si: number, n: number): void;
}

/** Poseidon, exported by the Fp module only. */
export interface PoseidonKernels {
  /** One state of width t, elements in pairs: codegen/poseidon-single.ts. */
  permuteSingle(
    state: number,
    scratch: number,
    slots: number,
    constants: number,
    t: number,
    rounds: number,
  ): void;
  /**
   * 2·group states of width t; pair k·group + j holds element k of states 2j, 2j+1:
   * codegen/poseidon-batch.ts.
   */
  permuteBatch(
    state: number,
    scratch: number,
    window: number,
    constants: number,
    t: number,
    rounds: number,
    group: number,
  ): void;
}
