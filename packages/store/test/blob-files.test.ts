import { MemoryLevel } from "memory-level";
import { chmod, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OpenBlobs } from "../src/blobs/blob-store.ts";
import { openBlobs } from "../src/blobs/blob-store.ts";
import type { Files } from "../src/blobs/file-shelf.ts";
import { createFileShelf } from "../src/blobs/file-shelf.ts";
import { pinKey } from "../src/blobs/pins.ts";
import type { BlobDamage } from "../src/index.ts";
import { Database } from "../src/state/database.ts";
import { createRepository } from "../src/state/repository.ts";
import { opaque } from "../src/state/values.ts";
import type { Fate } from "./faulty-files.ts";
import { faultyFiles } from "./faulty-files.ts";
import { blobOf, cidOf, digestOf } from "./schema.ts";
import { collect, inPieces, temporaryDirectory } from "./support.ts";

const bytesA = blobOf(1, 1000);
const bytesB = blobOf(2, 1000);

interface Setup {
  readonly dir: string;
  readonly damage: BlobDamage[];
  /** Opens it, as after a restart: pins stay. */
  readonly open: (options?: { files?: Files; maxBytes?: number }) => Promise<OpenBlobs>;
}

async function setUp(): Promise<Setup> {
  const dir = await temporaryDirectory();
  const damage: BlobDamage[] = [];
  const database = new Database(new MemoryLevel(), false);
  const book = createRepository(database, "@pins", pinKey, opaque);
  const open: Setup["open"] = ({ files, maxBytes = 100_000 } = {}) =>
    openBlobs({
      shelf: createFileShelf(dir, files ? { sync: true, files } : { sync: true }),
      book,
      commit: (changes) => database.commit(changes),
      maxBytes,
      onDamage: (each) => damage.push(each),
    });
  return { dir, damage, open };
}

const pathOf = (dir: string, bytes: Uint8Array): string => {
  const digest = digestOf(bytes);
  return join(dir, digest.slice(0, 2), `${digest.slice(2)}.${bytes.length}`);
};

/** Names of files under `dir`, unfinished ones included. */
async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map(({ name }) => name);
}

describe("damaged blobs", () => {
  const damages: [string, (path: string) => Promise<void>][] = [
    ["cut short", (path) => truncate(path, 999)],
    ["emptied", (path) => truncate(path, 0)],
    ["longer", (path) => writeFile(path, new Uint8Array(1), { flag: "a" })],
    ["with one bit turned", turnBit],
    ["gone", (path) => rm(path)],
  ];

  test.each(damages)(
    "%s while the store is open: missing, reported, and writable again",
    async (_, harm) => {
      const { dir, damage, open } = await setUp();
      const { blobs } = await open();
      for (const bytes of [bytesA, bytesB]) await blobs.add(bytes);
      expect(await blobs.read(cidOf(bytesA))).toEqual(bytesA);
      await harm(pathOf(dir, bytesA));
      expect(await blobs.size(cidOf(bytesA))).toBeUndefined();
      await expect(collect(blobs.get(cidOf(bytesA)))).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(damage).toMatchObject([{ cid: cidOf(bytesA) }]);
      expect(await filesIn(dir)).toHaveLength(1);
      expect(blobs.usage()).toMatchObject({ blobs: 1, bytes: 1000 });
      await blobs.put(cidOf(bytesA), inPieces(bytesA, 300));
      expect(await blobs.read(cidOf(bytesA))).toEqual(bytesA);
      expect(await blobs.read(cidOf(bytesB))).toEqual(bytesB);
    },
  );

  test.each(damages)("%s while it is closed: never served", async (_, harm) => {
    const { dir, damage, open } = await setUp();
    const first = await open();
    for (const bytes of [bytesA, bytesB]) await first.blobs.add(bytes);
    first.close();
    await harm(pathOf(dir, bytesA));
    const { blobs, repairs } = await open();
    expect(await blobs.size(cidOf(bytesA))).toBeUndefined();
    expect(await blobs.read(cidOf(bytesB))).toEqual(bytesB);
    const said = [...repairs.torn, ...damage.map(({ cid }) => cid)];
    const isGone = _ === "gone"; // of which nobody can tell that it ever was
    expect(said).toEqual(isGone ? [] : [cidOf(bytesA)]);
    expect(await filesIn(dir)).toHaveLength(1);
  });

  test("changed in the middle of a reading: the reading fails before its end", async () => {
    const { dir, damage, open } = await setUp();
    const big = blobOf(3, 600_000);
    const { blobs } = await open({ maxBytes: 1_000_000 });
    await blobs.add(big);
    const chunks = blobs.get(cidOf(big))[Symbol.asyncIterator]();
    await chunks.next();
    await turnBit(pathOf(dir, big));
    await chunks.next();
    await expect(chunks.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(damage).toHaveLength(1);
    expect(await blobs.size(cidOf(big))).toBeUndefined();
  });
});

describe("a restart", () => {
  test("removes what was left unfinished, leaves strangers alone, and says so", async () => {
    const { dir, open } = await setUp();
    (await open()).close();
    await writeFile(join(dir, "new", "7"), bytesA);
    await writeFile(join(dir, "README"), "not mine");
    const { blobs: before } = await open();
    await before.add(bytesB);
    await writeFile(join(dir, "new", "8"), bytesA);
    await writeFile(join(pathOf(dir, bytesB), "..", "odd.name"), "not mine");
    const { repairs } = await open();
    expect(repairs).toMatchObject({ blobs: 1, bytes: 1000, unfinished: 1, torn: [], evicted: 0 });
    expect(repairs.strangers.toSorted()).toEqual(
      ["README", join(digestOf(bytesB).slice(0, 2), "odd.name")].toSorted(),
    );
    expect(await readFile(join(dir, "README"), "utf8")).toBe("not mine");
  });

  test("keeps the order of use and the pins, also under a smaller quota", async () => {
    const { dir, open } = await setUp();
    const { blobs } = await open();
    const all = [1, 2, 3, 4].map((seed) => blobOf(seed, 1000)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    for (const bytes of all) await blobs.add(bytes);
    await blobs.pin("job", [cidOf(all[1])]);
    for (const [i, age] of [40, 90, 80, 70].entries()) {
      const at = Date.now() / 1000 - age * 60;
      await utimes(pathOf(dir, all[i] as Uint8Array), at, Date.now() / 1000);
    }
    const reopened = await open({ maxBytes: 3000 });
    expect(reopened.repairs).toMatchObject({ blobs: 3, evicted: 1 });
    await reopened.blobs.add(blobOf(5, 1000));
    const sizes = await Promise.all(all.map((bytes) => reopened.blobs.size(cidOf(bytes))));
    expect(sizes).toEqual([1000, 1000, undefined, undefined]);
    expect(reopened.blobs.owners()).toEqual(["job"]);
  });

  test("takes one of two names for the same bytes", async () => {
    const { dir, open } = await setUp();
    const { blobs } = await open();
    await blobs.add(bytesA);
    const liar = pathOf(dir, bytesA).replace(/\d+$/, "5");
    await writeFile(liar, new Uint8Array(5));
    const reopened = await open();
    expect(reopened.repairs.blobs).toBe(1);
    expect(await filesIn(dir)).toHaveLength(1);
    await reopened.blobs.add(bytesA);
    expect(await reopened.blobs.read(cidOf(bytesA))).toEqual(bytesA);
  });

  test("notes a use in the access time, and leaves the stamp of the bytes", async () => {
    const { dir, damage, open } = await setUp();
    const { blobs } = await open();
    await blobs.add(bytesA);
    const path = pathOf(dir, bytesA);
    const old = Date.now() / 1000 - 3600;
    await utimes(path, old, old);
    await chmod(path, 0o600);
    await blobs.read(cidOf(bytesA));
    const { stat } = await import("node:fs/promises");
    const { atimeMs, mtimeMs } = await stat(path);
    expect(atimeMs / 1000 - old).toBeGreaterThan(3000);
    expect(Math.abs(mtimeMs / 1000 - old)).toBeLessThan(1);
    expect(damage).toEqual([]);
  });
});

describe("a disk that fails", () => {
  /** Adds both blobs and drops one; the names of what was acknowledged. */
  async function use({
    blobs,
  }: OpenBlobs): Promise<{ added: Uint8Array[]; removed: Uint8Array[] }> {
    const added: Uint8Array[] = [];
    const removed: Uint8Array[] = [];
    for (const bytes of [bytesA, bytesB]) {
      const put = blobs.put(cidOf(bytes), inPieces(bytes, 400));
      await put.then(() => added.push(bytes), expectFull);
    }
    await blobs.remove(cidOf(bytesA)).then((was) => was && removed.push(bytesA), expectFull);
    return { added, removed };
  }

  /** One run under faults, then a restart without. @returns how many operations there were */
  async function run(fate: (operation: number) => Fate): Promise<number> {
    const { open, dir } = await setUp();
    let count = 0;
    let isOver = false;
    const files = faultyFiles(() => (isOver ? "works" : fate(count++)));
    const opened = await open({ files }).catch(expectFull);
    const acknowledged = opened ? await use(opened) : { added: [], removed: [] };
    if (fate(Infinity) === "works") {
      isOver = true;
      if (opened) await check(opened, acknowledged);
    }
    opened?.close();
    const reopened = await open();
    await check(reopened, acknowledged);
    expect(await filesIn(dir)).toHaveLength(reopened.repairs.blobs);
    return count;
  }

  /** What was acknowledged is there, and whatever is there is whole. */
  async function check(
    { blobs }: OpenBlobs,
    { added, removed }: { added: Uint8Array[]; removed: Uint8Array[] },
  ): Promise<void> {
    for (const bytes of [bytesA, bytesB]) {
      const read = await blobs.read(cidOf(bytes));
      if (read !== undefined) expect(read).toEqual(bytes);
      // a removal that failed may have happened all the same
      else if (bytes === bytesB) expect(added).not.toContain(bytesB);
      if (removed.includes(bytes)) expect(read).toBeUndefined();
    }
  }

  function expectFull(thrown: unknown): undefined {
    expect(thrown).toMatchObject({ code: expect.stringMatching(/STORE_FULL|ENOSPC/) });
  }

  test("once, at any operation: a typed error, and nothing half-written is ever read", async () => {
    const total = await run(() => "works");
    expect(total).toBeGreaterThan(20);
    for (let at = 0; at < total; at++) await run((i) => (i === at ? "tears" : "works"));
  });

  test("for good from any operation on, as in a crash: the same, and a restart cleans up", async () => {
    const total = await run(() => "works");
    for (let at = 0; at < total; at++) await run((i) => (i >= at ? "tears" : "works"));
  });

  test("full while writing: STORE_FULL, and no file or account is left", async () => {
    const { dir, open } = await setUp();
    let isFull = false;
    const files = faultyFiles((name) => (isFull && name === "writeFile" ? "tears" : "works"));
    const { blobs } = await open({ files });
    await blobs.add(bytesA);
    isFull = true;
    await expect(blobs.add(bytesB)).rejects.toMatchObject({ code: "STORE_FULL" });
    expect(await filesIn(dir)).toHaveLength(1);
    expect(blobs.usage()).toMatchObject({ blobs: 1, bytes: 1000 });
    isFull = false;
    await blobs.add(bytesB);
    expect(await blobs.read(cidOf(bytesB))).toEqual(bytesB);
  });
});

async function turnBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 4;
  await writeFile(path, bytes);
}
