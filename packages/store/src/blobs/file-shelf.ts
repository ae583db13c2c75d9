import * as nodeFiles from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf } from "../errors.ts";
import type { DigestHex } from "./digest.ts";
import type { Draft, Item, Reading, Shelf, ShelfScan } from "./shelf.ts";

/*
 * DIR/ab/cdef….SIZE    a blob, 0600: the first two digits of its digest, the other 62, and its length: a torn file tells on itself
 * DIR/new/N            being written
 *
 * write → fsync → rename → fsync of the directory: at any moment a name holds all of a blob or is not there. The access time is ours: it
 * keeps the order of use over restarts, to the minute.
 */
export type Files = Pick<
  typeof nodeFiles,
  "lstat" | "mkdir" | "open" | "readdir" | "rename" | "rm"
>;

const NEW = "new";
const SHARD = /^[0-9a-f]{2}$/;
const NAME = /^([0-9a-f]{62})\.(0|[1-9]\d{0,15})$/;
const TOUCH_INTERVAL = 60_000;
/** Two changes within so many ms may leave the same time in a file. */
const TICK = 50;
/** how many files are looked at at once */
const SCAN_BATCH = 64;

interface Place {
  readonly dir: string;
  readonly files: Files;
  readonly sync: boolean;
}

export interface FileShelfInit {
  /** whether blobs survive the loss of power, and not only of the process */
  readonly sync: boolean;
  /** for tests of full and failing disks */
  readonly files?: Files;
}

/** @param dir of its own, which nobody else uses */
export function createFileShelf(dir: string, { sync, files = nodeFiles }: FileShelfInit): Shelf {
  const place: Place = { dir, files, sync };
  let drafts = 0;
  return {
    scan: () => scan(place),
    draft: () => openDraft(place, join(dir, NEW, String(drafts++))),
    open: (item) => openReading(place, item),
    remove: (item) => files.rm(pathOf(dir, item), { force: true }),
  };
}

const pathOf = (dir: string, { digest, size }: Item): string =>
  join(dir, digest.slice(0, 2), `${digest.slice(2)}.${size}`);

async function scan(place: Place): Promise<ShelfScan> {
  const { dir, files } = place;
  const unfinished = await clearDrafts(place);
  const strangers: string[] = [];
  const torn: DigestHex[] = [];
  const found: (Item & { usedAt: number })[] = [];
  for (const shard of await files.readdir(dir)) {
    if (shard === NEW) continue;
    const names = SHARD.test(shard) ? await files.readdir(join(dir, shard)) : undefined;
    if (names === undefined) strangers.push(shard);
    for (let at = 0; at < (names?.length ?? 0); at += SCAN_BATCH) {
      const batch = names?.slice(at, at + SCAN_BATCH) ?? [];
      const looks = await Promise.all(batch.map((name) => look(place, shard, name)));
      for (const each of looks) {
        if (each.kind === "stranger") strangers.push(each.name);
        else if (each.kind === "torn") torn.push(each.digest);
        else found.push(each);
      }
    }
  }
  const items = found
    .toSorted((a, b) => a.usedAt - b.usedAt)
    .map(({ digest, size }) => ({ digest, size }));
  return { items, unfinished, torn, strangers };
}

async function clearDrafts({ dir, files }: Place): Promise<number> {
  const drafts = join(dir, NEW);
  await files.mkdir(drafts, { recursive: true, mode: 0o700 });
  const names = await files.readdir(drafts);
  for (const name of names) await files.rm(join(drafts, name), { recursive: true, force: true });
  return names.length;
}

type Look =
  | (Item & { readonly kind: "good"; readonly usedAt: number })
  | { readonly kind: "torn"; readonly digest: DigestHex }
  | { readonly kind: "stranger"; readonly name: string };

async function look({ dir, files }: Place, shard: string, name: string): Promise<Look> {
  const path = join(dir, shard, name);
  const [, rest, length] = NAME.exec(name) ?? [];
  const stat = await files.lstat(path);
  if (rest === undefined || !stat.isFile()) return { kind: "stranger", name: join(shard, name) };
  const item = { digest: shard + rest, size: Number(length) };
  if (stat.size === item.size) return { kind: "good", ...item, usedAt: stat.atimeMs };
  await files.rm(path, { force: true });
  return { kind: "torn", digest: item.digest };
}

async function openDraft(place: Place, path: string): Promise<Draft> {
  const { dir, files, sync } = place;
  const handle = await files.open(path, "wx", 0o600);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    write: (bytes) => handle.writeFile(bytes),
    async finish() {
      if (sync) await handle.sync();
      await close();
    },
    async place(item) {
      const target = pathOf(dir, item);
      const made = await files.mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await files.rename(path, target);
      if (!sync) return;
      await syncDirectory(files, dirname(target));
      if (made !== undefined) await syncDirectory(files, dir);
    },
    async discard() {
      await close();
      await files.rm(path, { force: true });
    },
  };
}

async function syncDirectory(files: Files, dir: string): Promise<void> {
  const handle = await files.open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openReading({ dir, files }: Place, item: Item): Promise<Reading | undefined> {
  let handle: FileHandle;
  try {
    handle = await files.open(pathOf(dir, item), "r");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  try {
    return await readingOf(handle);
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function readingOf(handle: FileHandle): Promise<Reading> {
  const { ino, size, mtimeMs, atimeMs } = await handle.stat();
  const isFresh = Math.abs(Date.now() - mtimeMs) < TICK;
  return {
    size,
    stamp: isFresh ? undefined : `${ino} ${size} ${Math.round(mtimeMs)}`, // `touch` rounds too
    async read(offset, length) {
      const buffer = new Uint8Array(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    async touch() {
      const now = Date.now();
      if (now - atimeMs >= TOUCH_INTERVAL) await handle.utimes(now / 1000, mtimeMs / 1000);
    },
    close: () => handle.close(),
  };
}
