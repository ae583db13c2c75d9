// The instructions the kernels use: encoding and result type. Two-byte SIMD opcodes carry prefix 0xfd.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;
export const V128 = 0x7b;
export type ValType = typeof I32 | typeof I64 | typeof F64 | typeof V128;

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return out;
}

/** Signed LEB128. */
export function sleb(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) {
      out.push(byte);
      return out;
    }
    out.push(byte | 0x80);
  }
}

/** Bytes of an opcode as the tables below write it. */
export const encodeOpcode = (opcode: number): number[] =>
  opcode < 0x100 ? [opcode] : [0xfd, ...leb(opcode - 0xfd000)];

export type TypeName = "i32" | "i64" | "f64" | "v128";
const TYPES: Readonly<Record<TypeName, ValType>> = { i32: I32, i64: I64, f64: F64, v128: V128 };
export const valType = (name: TypeName): ValType => TYPES[name];

// Opcode and result; 0xfd… are the two-byte SIMD opcodes. Plain literals, so that names become types.
export const OPERATIONS = {
  "i32.eqz": [0x45, "i32"],
  "i32.eq": [0x46, "i32"],
  "i32.ne": [0x47, "i32"],
  "i32.lt_s": [0x48, "i32"],
  "i32.lt_u": [0x49, "i32"],
  "i32.gt_u": [0x4b, "i32"],
  "i32.le_u": [0x4d, "i32"],
  "i32.ge_u": [0x4f, "i32"],
  "i32.clz": [0x67, "i32"],
  "i32.ctz": [0x68, "i32"],
  "i32.add": [0x6a, "i32"],
  "i32.sub": [0x6b, "i32"],
  "i32.mul": [0x6c, "i32"],
  "i32.and": [0x71, "i32"],
  "i32.or": [0x72, "i32"],
  "i32.xor": [0x73, "i32"],
  "i32.shl": [0x74, "i32"],
  "i32.shr_s": [0x75, "i32"],
  "i32.shr_u": [0x76, "i32"],
  "i32.wrap_i64": [0xa7, "i32"],
  "i64.eqz": [0x50, "i32"],
  "i64.eq": [0x51, "i32"],
  "i64.ne": [0x52, "i32"],
  "i64.lt_s": [0x53, "i32"],
  "i64.lt_u": [0x54, "i32"],
  "i64.ge_u": [0x5a, "i32"],
  "i64.add": [0x7c, "i64"],
  "i64.sub": [0x7d, "i64"],
  "i64.mul": [0x7e, "i64"],
  "i64.and": [0x83, "i64"],
  "i64.or": [0x84, "i64"],
  "i64.xor": [0x85, "i64"],
  "i64.shl": [0x86, "i64"],
  "i64.shr_s": [0x87, "i64"],
  "i64.shr_u": [0x88, "i64"],
  "i64.extend_i32_s": [0xac, "i64"],
  "i64.extend_i32_u": [0xad, "i64"],
  "i64x2.splat": [0xfd012, "v128"],
  "f64x2.splat": [0xfd014, "v128"],
  "i64x2.eq": [0xfd0d6, "v128"],
  "i64x2.gt_s": [0xfd0d9, "v128"],
  "f64x2.eq": [0xfd047, "v128"],
  "v128.not": [0xfd04d, "v128"],
  "v128.and": [0xfd04e, "v128"],
  "v128.andnot": [0xfd04f, "v128"],
  "v128.or": [0xfd050, "v128"],
  "v128.xor": [0xfd051, "v128"],
  /** bitselect(a, b, mask): a where mask is 1, b where it is 0. */
  "v128.bitselect": [0xfd052, "v128"],
  "i64x2.all_true": [0xfd0c3, "i32"],
  "i64x2.bitmask": [0xfd0c4, "i32"],
  "i64x2.shl": [0xfd0cb, "v128"],
  "i64x2.shr_s": [0xfd0cc, "v128"],
  "i64x2.shr_u": [0xfd0cd, "v128"],
  "i64x2.add": [0xfd0ce, "v128"],
  "i64x2.sub": [0xfd0d1, "v128"],
  "i64x2.mul": [0xfd0d5, "v128"],
  "f64x2.add": [0xfd0f0, "v128"],
  "f64x2.sub": [0xfd0f1, "v128"],
  "f64x2.mul": [0xfd0f2, "v128"],
  /** a·b + c, one rounding where the engine fuses it (checked at start-up, see self-test.ts). */
  "f64x2.relaxed_madd": [0xfd107, "v128"],
  /** c − a·b */
  "f64x2.relaxed_nmadd": [0xfd108, "v128"],
} as const;

/** Loads: opcode, log2 of the alignment hint, result. */
export const LOADS = {
  "i32.load": [0x28, 2, "i32"],
  "i32.load8_u": [0x2d, 0, "i32"],
  "i32.load16_u": [0x2f, 1, "i32"],
  "i64.load": [0x29, 3, "i64"],
  "i64.load32_s": [0x34, 2, "i64"],
  "i64.load32_u": [0x35, 2, "i64"],
  "v128.load": [0xfd000, 3, "v128"],
  "v128.load64_splat": [0xfd00a, 3, "v128"],
  "v128.load64_zero": [0xfd05d, 3, "v128"],
} as const;

/** Stores: opcode, log2 of the alignment hint. */
export const STORES = {
  "i32.store": [0x36, 2],
  "i32.store8": [0x3a, 0],
  "i64.store": [0x37, 3],
  "i64.store32": [0x3e, 2],
  "v128.store": [0xfd00b, 3],
} as const;

export const LOAD64_LANE: readonly number[] = encodeOpcode(0xfd057);
export const STORE64_LANE: readonly number[] = encodeOpcode(0xfd05b);
export const SHUFFLE: readonly number[] = encodeOpcode(0xfd00d);
export const V128_CONST: readonly number[] = encodeOpcode(0xfd00c);
export const I64X2_EXTRACT_LANE: readonly number[] = encodeOpcode(0xfd01d);

export type Operation = keyof typeof OPERATIONS;
export type Load = keyof typeof LOADS;
export type Store = keyof typeof STORES;
