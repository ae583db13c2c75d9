import { join } from "node:path";
import { type JobUpdate, jobUpdate } from "@foldmesh/client";
import type { LedgerEvent, Tally } from "@foldmesh/market";
import { type Checkpoint, KINDS, type Time, time } from "@foldmesh/protocol";
import {
  type OpenReport,
  type RoomCodecs,
  type Schema,
  type StandardRooms,
  type Store,
  StoreError,
  type ValueCodec,
  canonical,
  opaque,
  openMemoryStore,
  openStore,
  standardRooms,
} from "@foldmesh/store";
import { NodeError } from "../errors.ts";
import {
  type HeldLease,
  type JobRecord,
  type KeptTerm,
  addresses,
  heldLease,
  jobRecord,
  keptTerm,
  ledgerEvent,
  tally,
} from "./records.ts";

interface Codecs extends RoomCodecs {
  readonly jobs: ValueCodec<JobRecord>;
  readonly terms: ValueCodec<KeptTerm>;
  readonly jobEvents: ValueCodec<Uint8Array>;
  readonly updates: ValueCodec<JobUpdate>;
  readonly issued: ValueCodec<Uint8Array>;
  readonly leases: ValueCodec<HeldLease>;
  readonly checkpoints: ValueCodec<Checkpoint>;
  readonly deliveries: ValueCodec<Uint8Array>;
  readonly receipts: ValueCodec<Uint8Array>;
  readonly earned: ValueCodec<Uint8Array>;
  readonly reputation: ValueCodec<Tally>;
  readonly peers: ValueCodec<readonly string[]>;
  readonly adverts: ValueCodec<Uint8Array>;
  readonly evidence: ValueCodec<Uint8Array>;
  readonly bids: ValueCodec<Time>;
  readonly states: ValueCodec<Uint8Array>;
  readonly ledger: ValueCodec<LedgerEvent>;
}

const codecs: Codecs = {
  jobs: canonical(jobRecord),
  terms: canonical(keptTerm),
  jobEvents: opaque,
  updates: canonical(jobUpdate),
  issued: opaque,
  leases: canonical(heldLease),
  checkpoints: canonical(KINDS.Checkpoint.content),
  deliveries: opaque,
  receipts: opaque,
  earned: opaque,
  reputation: canonical(tally),
  peers: canonical(addresses),
  adverts: opaque,
  evidence: opaque,
  bids: canonical(time),
  states: opaque,
  ledger: canonical(ledgerEvent),
};

type Rooms = StandardRooms<Codecs>;
const schema: Schema<Rooms> = { version: 1, rooms: standardRooms(codecs), migrations: [] };

/** Everything that a node remembers. */
export type Keep = Store<Rooms>;

export interface KeepRequest {
  /** undefined: in memory, gone with the process */
  readonly dataDir: string | undefined;
  readonly maxBlobBytes: number;
  readonly onDamage: (what: string) => void;
}

/** @throws NodeError IN_USE when another process works on the directory, STORE */
export async function openKeep({ dataDir, maxBlobBytes, onDamage }: KeepRequest): Promise<Keep> {
  const options = {
    schema,
    maxBlobBytes,
    onDamage: ({ cid, detail }: { cid: string; detail: string }) => onDamage(`${cid}: ${detail}`),
  };
  if (dataDir === undefined) return openMemoryStore(options);
  try {
    return await openStore(join(dataDir, "store"), options);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    const code = cause.code === "LOCKED" ? "IN_USE" : "STORE";
    throw new NodeError(code, `what this node keeps cannot be opened: ${cause.message}`, { cause });
  }
}

const DAMAGED = "store/state.damaged";

/** What the start found in the store, in words for a log. */
export function describeReport(report: OpenReport): Recovery {
  const { wasClosed, mended, cutLogs, dropped, blobs } = report;
  return {
    wasClosed,
    ...(mended !== undefined && { mended, damaged: DAMAGED }),
    blobs: blobs.blobs,
    bytes: blobs.bytes,
    cutLogs: cutLogs.length,
    droppedRecords: dropped.length,
    damagedBlobs: blobs.torn.length,
    unfinishedBlobs: blobs.unfinished,
    evictedBlobs: blobs.evicted,
  };
}

export interface Recovery {
  /** whether the last run ended in order */
  readonly wasClosed: boolean;
  readonly mended?: string;
  /** where the database is that could not be read */
  readonly damaged?: string;
  readonly blobs: number;
  readonly bytes: number;
  /** logs cut back to their last good event, and records put aside */
  readonly cutLogs: number;
  readonly droppedRecords: number;
  readonly damagedBlobs: number;
  readonly unfinishedBlobs: number;
  readonly evictedBlobs: number;
}
