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
  /** dst[i] = a[i]·k[i] + b[i]·l[i]… see codegen/vector-kernels.ts `linear` */
  linear(dst: number, terms: number, count: number, pairs: number): void;
  /** dst = Σ a[i]·b[i], one pair of lane sums */
  innerProduct(dst: number, a: number, b: number, pairs: number): void;
  /** `pairs` pairs of 32-byte standard-form integers at dst, canonical little-endian */
  toIntegers(dst: number, src: number, pairs: number): void;
  /** Inverse of toIntegers; non-zero when some integer was not below the modulus. */
  fromIntegers(dst: number, src: number, pairs: number): number;
  /** n elements from element index si of src to di of dst; regions must not overlap. */
  copyElements(dst: number, di: number, src: number, si: number, n: number): void;
}
