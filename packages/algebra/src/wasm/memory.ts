import { AlgebraError, assert } from "../errors.ts";
import { INITIAL_PAGES, MAXIMUM_PAGES, STATIC, STATIC_END } from "../codegen/static.ts";

// One shared WebAssembly.Memory for all ranks (an engine in the creating thread, its attached twins in
// workers). Below STATIC_END: constants, written by every module at instantiation, and the heap
// header. Above: blocks, handed out by one atomic counter, which only grows. Each arena belongs to
// one rank and keeps released blocks in lists by size class for its own reuse, so no rank ever waits
// for or sees another's bookkeeping. Addresses mean the same to all ranks: what is *resident*
// (matrices, commitment keys) is built once and adopted elsewhere by descriptor.
//
// Ranks share data without locks: a block is written by its owner only, and handing its address over
// must synchronise (postMessage and Atomics do).

const PAGE = 65_536;
/** Alignment of every block; also the unit of the heap counter, which must fit 32 bits. */
export const BLOCK_ALIGNMENT = 64;
/** Heap header: first free address / BLOCK_ALIGNMENT, an i32 updated atomically. */
const NEXT_FREE = STATIC.heap.base / 4;

/**
 * @param maximumPages of 64 KiB; the whole range is address space only, committed as it is touched
 * @throws AlgebraError OUT_OF_MEMORY when the platform refuses the reservation
 */
export function createMemory(maximumPages: number = MAXIMUM_PAGES): WebAssembly.Memory {
  assert(maximumPages >= INITIAL_PAGES && maximumPages <= MAXIMUM_PAGES, "maximumPages in range");
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({
      initial: INITIAL_PAGES,
      maximum: maximumPages,
      shared: true,
    });
  } catch (cause) {
    const message = `cannot reserve ${maximumPages} pages of shared memory: pass a smaller maximumPages`;
    throw new AlgebraError("OUT_OF_MEMORY", message, { cause });
  }
  new Int32Array(memory.buffer)[NEXT_FREE] = STATIC_END / BLOCK_ALIGNMENT;
  return memory;
}

/** Where an arena stands; see Allocator.release. */
export type Mark = number;

export interface Allocator {
  /** Address of a block aligned to 64, contents undefined. @throws AlgebraError OUT_OF_MEMORY */
  alloc(bytes: number): number;
  mark(): Mark;
  /** Frees every block allocated since `mark` was taken. Marks nest. */
  release(mark: Mark): void;
}

/** Blocks of one rank. Sizes are rounded up to four classes an octave: at most a quarter is lost. */
export class Arena implements Allocator {
  readonly #memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();
  readonly #live: { readonly address: number; readonly size: number }[] = [];

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  alloc(bytes: number): number {
    const size = sizeClass(bytes);
    const address = this.#free.get(size)?.pop() ?? takeBlock(this.#memory, size);
    this.#live.push({ address, size });
    return address;
  }

  mark(): Mark {
    return this.#live.length;
  }

  release(mark: Mark): void {
    assert(mark <= this.#live.length, "arena marks are released in reverse order");
    for (const { address, size } of this.#live.splice(mark)) {
      const list = this.#free.get(size);
      if (list === undefined) this.#free.set(size, [address]);
      else list.push(address);
    }
  }
}

function sizeClass(bytes: number): number {
  const octave = 2 ** Math.floor(Math.log2(Math.max(bytes, 4 * BLOCK_ALIGNMENT)));
  const step = octave / 4;
  return Math.max(BLOCK_ALIGNMENT, Math.ceil(Math.max(bytes, 1) / step) * step);
}

/** Moves the counter only once the memory behind it exists, so that a failure takes nothing. */
function takeBlock(memory: WebAssembly.Memory, size: number): number {
  for (;;) {
    const header = new Int32Array(memory.buffer);
    const next = Atomics.load(header, NEXT_FREE);
    const after = next + size / BLOCK_ALIGNMENT;
    growTo(memory, after * BLOCK_ALIGNMENT);
    if (Atomics.compareExchange(header, NEXT_FREE, next, after) === next) {
      return next * BLOCK_ALIGNMENT;
    }
  }
}

function growTo(memory: WebAssembly.Memory, end: number): void {
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing); // another rank may have grown meanwhile: then this grows a little ahead
  } catch (cause) {
    const message =
      `the engine's memory cannot grow to ${end} bytes: use smaller programs, fewer threads, ` +
      "or a larger maximumPages";
    throw new AlgebraError("OUT_OF_MEMORY", message, { cause });
  }
}
