// What this machine can carry: a lease is taken only when its program and its nodes fit into memory and onto the disk beside those
// of the leases already held. Overload is told at once, as a refusal, and mostly earlier, by not bidding.

import type { CIDText, Lot } from "@foldmesh/protocol";

export interface Carrying {
  /** bytes of memory that proving may take */
  readonly memoryBytes: number;
  /** bytes of memory that opened programs take of it */
  readonly programBytes: () => number;
  /** bytes of blobs that may still come */
  readonly diskRoom: () => number;
  /** threads of a session */
  readonly threads: number;
}

/** Work as an announcement or a lease tells it. */
type Work = Pick<Lot, "kind" | "range" | "constraints">;

export interface Admission {
  /** Why there is no room for this work beside what is held; undefined when there is. */
  whyNot(program: CIDText, work: Work): string | undefined;
  /** It is held from now on. @param name of the lease */
  take(name: string, program: CIDText, work: Work): void;
  release(name: string): void;
}

/** Of a leaf and of a compression, in merges, as brokers reckon constraints (broker/accept.ts). */
const LEAF_COST = 0.35;
const COMPRESS_COST = 4;
/** The most bytes a row takes: in a node, its element in two vectors. */
const NODE_ROW = 2 * 32;
/**
 * What an open session takes, of the program and of each thread: a part that is always there, and one for every row. Peaks of whole
 * proofs by bench/job-child.ts: 0.64 and 0.95 GB at 2^16 rows with 1 and 4 threads, 1.17 and 1.75 GB at 2^18.
 */
const SESSION = { bytes: 380e6, row: 2_300 };
const THREAD = { bytes: 76e6, row: 450 };
/** Nodes in memory at once: two that are merged, what comes of them, and one on its way. */
const NODES_IN_MEMORY = 4;
/** Nodes on disk: the input's, a checkpoint on its way beside the one before, and what is delivered. */
const NODES_ON_DISK = 3;

/** Rows of the padded structure: constraints of a merge. */
export function rowsOf({ kind, range, constraints }: Work): number {
  if (kind === "compress") return constraints / COMPRESS_COST;
  if (kind === "merge") return constraints;
  const leaves = range.end - range.start;
  return constraints / (leaves * LEAF_COST + leaves - 1);
}

export function createAdmission({
  memoryBytes,
  programBytes,
  diskRoom,
  threads,
}: Carrying): Admission {
  const held = new Map<string, { readonly program: CIDText; readonly rows: number }>();
  const sessionBytes = (rows: number): number =>
    SESSION.bytes + SESSION.row * rows + threads * (THREAD.bytes + THREAD.row * rows);
  const nodeBytes = (rows: number): number => rows * NODE_ROW;
  return {
    whyNot(program, work) {
      const rows = rowsOf(work);
      const all = [...held.values(), { program, rows }];
      const sessions = new Map(all.map((each) => [each.program, sessionBytes(each.rows)]));
      const nodes = all.reduce((sum, each) => sum + NODES_IN_MEMORY * nodeBytes(each.rows), 0);
      const memory = sessions.values().reduce((sum, bytes) => sum + bytes, nodes + programBytes());
      if (memory > memoryBytes) return tooMuch("memory", memory, memoryBytes);
      const disk = all.reduce((sum, each) => sum + NODES_ON_DISK * nodeBytes(each.rows), 0);
      const room = diskRoom();
      return disk > room ? tooMuch("disk", disk, room) : undefined;
    },
    take: (name, program, work) => void held.set(name, { program, rows: rowsOf(work) }),
    release: (name) => void held.delete(name),
  };
}

const tooMuch = (what: string, needed: number, there: number): string =>
  `${Math.ceil(needed / 2 ** 20)} MiB of ${what} are needed and ${Math.floor(there / 2 ** 20)} MiB are there`;
