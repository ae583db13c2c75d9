export type { BlobRepairs } from "./blobs/blob-store.ts";
export type { BlobDamage, BlobStore, BlobUsage, Chunks, PutOptions } from "./blobs/port.ts";
export { StoreError, type StoreErrorCode } from "./errors.ts";
export { openMemoryStore } from "./open-memory.ts";
export { type DiskStoreOptions, openStore } from "./open-store.ts";
export {
  log,
  type LogSpec,
  repository,
  type RepositorySpec,
  type Rooms,
  type RoomSpecs,
  type Schema,
} from "./schema.ts";
export {
  type CheckpointId,
  type LeaseId,
  type ReceiptId,
  type RoomCodecs,
  standardRooms,
  type StandardRooms,
} from "./standard-rooms.ts";
export type { Change } from "./state/change.ts";
export type { CutLog, DroppedRecord, Repairs } from "./state/check.ts";
export { type KeyCodec, type KeyPart, natural, recordKey, text, textKey } from "./state/keys.ts";
export type { Log, LogEvent } from "./state/log.ts";
export type { Migrated, Migration, OldRooms, RawOp } from "./state/migrate.ts";
export type { ListOptions, Repository } from "./state/repository.ts";
export { canonical, opaque, type ValueCodec } from "./state/values.ts";
export type { Mended, OpenReport, Store, StoreOptions } from "./store.ts";
