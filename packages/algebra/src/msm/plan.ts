import { POINT, batchScratchBytes } from "../codegen/point-layout.ts";
import type { Allocator } from "../wasm/memory.ts";
import type { Windows } from "./windows.ts";

/** The fields of Plan in assembly/plan.ts, in its order, four bytes each. */
export const PLAN_FIELDS = [
  "tables",
  "tableBytes",
  "tableCount",
  "spacing",
  "sets",
  "widths",
  "stride",
  "group",
  "capacity",
  "wideCount",
  "wide",
  "wideIndex",
  "smallCount",
  "small",
  "smallIndex",
  "histogram",
  "digits",
  "rowBytes",
  "counters",
  "entries",
  "sums",
  "homes",
  "weightSums",
  "weightHomes",
  "weightEnds",
  "chunk",
  "segments",
  "work",
  "batch",
  "list",
  "scratch",
  "junk",
  "elements",
  "identities",
] as const;
export type PlanField = (typeof PLAN_FIELDS)[number];

/** Bits that the windows of all tables cover: the halves of a split scalar with their sign. */
export const SCALAR_BITS = 128;
/** Small scalars by bit length 0 … 63. */
export const HISTOGRAM_BINS = 64;

const LIST_ITEM = 12;
const SPLIT = 32;
const SEGMENT = 12;
/** Additions in a batch, entries in a chunk of trees: measured, see bench/msm.ts. */
const BATCH = 2048;
const CHUNK = 8192;

/** Tables of packed points: table j holds 2^(128·j/tableCount) times the bases. */
export interface KeyTables {
  readonly tables: number;
  readonly tableBytes: number;
  readonly tableCount: number;
}

/** A Plan in memory. */
export class Plan {
  readonly address: number;
  readonly #memory: WebAssembly.Memory;
  readonly #task: Allocator;

  constructor(memory: WebAssembly.Memory, task: Allocator) {
    this.#memory = memory;
    this.#task = task;
    this.address = task.alloc(4 * PLAN_FIELDS.length);
    this.words(this.address, PLAN_FIELDS.length).fill(0);
  }

  get(field: PlanField): number {
    return this.words(this.address, PLAN_FIELDS.length)[PLAN_FIELDS.indexOf(field)]!;
  }

  set(fields: Readonly<Partial<Record<PlanField, number>>>): void {
    const words = this.words(this.address, PLAN_FIELDS.length);
    for (const [name, value] of Object.entries(fields)) {
      words[PLAN_FIELDS.indexOf(name as PlanField)] = value;
    }
  }

  /** `count` u32 at `address`; a new view, since memory may have grown. */
  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, count);
  }

  /** Areas for batches of additions: all that doubling needs. */
  allocateAdditions(elementsBytes: number, maximum: number): void {
    const batch = Math.min(BATCH, roundUp(Math.max(maximum, 4), 4));
    const chunk = Math.min(CHUNK, Math.max(maximum, 4));
    this.set({
      batch,
      chunk,
      list: this.#task.alloc((batch + 4) * LIST_ITEM),
      scratch: this.#task.alloc(batchScratchBytes(batch)),
      work: this.#task.alloc(2 * (chunk + 2) * POINT),
      segments: this.#task.alloc(chunk * SEGMENT),
      junk: this.#task.alloc(2 * POINT),
      elements: this.#task.alloc(elementsBytes),
    });
  }

  /** Lists for up to `capacity` scalars. */
  allocateScalars(capacity: number): void {
    const histogram = this.#task.alloc(4 * HISTOGRAM_BINS);
    this.words(histogram, HISTOGRAM_BINS).fill(0);
    this.set({
      capacity,
      wide: this.#task.alloc(SPLIT * capacity),
      wideIndex: this.#task.alloc(4 * capacity),
      small: this.#task.alloc(8 * capacity),
      smallIndex: this.#task.alloc(4 * capacity),
      histogram,
    });
  }

  setWindows({ tables: used, widths }: Windows, key: KeyTables): void {
    const address = this.#task.alloc(4 * widths.length);
    this.words(address, widths.length).set(widths);
    this.set({
      tables: key.tables,
      tableBytes: key.tableBytes * (key.tableCount / used),
      tableCount: used,
      spacing: SCALAR_BITS / used,
      sets: widths.length,
      widths: address,
    });
  }

  /** Digits, and buckets of a group of sets; after the small scalars have been promoted. */
  allocateBuckets({ tables, widths }: Windows): void {
    const [wide, small] = [this.get("wideCount"), this.get("smallCount")];
    const stride = 2 ** (Math.max(...widths) - 1) + 1;
    const perSet = wide * tables;
    const group = Math.max(1, Math.min(widths.length, Math.floor(CHUNK / Math.max(perSet, 1))));
    const rowBytes = roundUp(2 * wide, 16);
    const entries = Math.max(group * perSet + small, group * stride);
    this.set({
      stride,
      group,
      rowBytes,
      digits: this.#task.alloc(2 * widths.length * tables * rowBytes),
      counters: this.#task.alloc(4 * group * stride),
      entries: this.#task.alloc(4 * entries),
      sums: this.#task.alloc(4 * group * stride),
      homes: this.#task.alloc(POINT * group * stride),
      weightSums: this.#task.alloc(4 * SCALAR_BITS),
      weightHomes: this.#task.alloc(POINT * SCALAR_BITS),
      weightEnds: this.#task.alloc(4 * SCALAR_BITS),
    });
  }

  /** No sum has more entries at once. */
  maximumEntries(): number {
    const group = this.get("group");
    const digits = group * this.get("wideCount") * this.get("tableCount") + this.get("smallCount");
    return Math.max(digits, group * this.get("stride"));
  }
}

const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;
