/**
 * The first 64 KiB of memory: constants each module writes when it is instantiated (every rank writes
 * the same bytes), and the heap header. Everything above is handed out by wasm/memory.ts.
 */
export const STATIC = {
  /** Never written: a null pointer that is read gives zeros. */
  null: { base: 0, bytes: 1024 },
  /** Heap header: see wasm/memory.ts. */
  heap: { base: 1024, bytes: 1024 },
  /** Constants of the field modules. */
  Fp: { base: 2048, bytes: 6144 },
  Fq: { base: 8192, bytes: 6144 },
  /** Constants of the point modules (coordinates over Fq and Fp). */
  G1: { base: 16_384, bytes: 16_384 },
  Grumpkin: { base: 32_768, bytes: 16_384 },
  /** Owned by msm/. */
  msm: { base: 49_152, bytes: 16_384 },
} as const;

export const STATIC_END = 65_536;

/** What every generated module declares for env.memory; the instance's may be anything within. */
export const INITIAL_PAGES = 2;
export const MAXIMUM_PAGES = 65_536;
