import { cp, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Level } from "level";
import { describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { drawsFrom } from "./draws.ts";
import type { Note, TestStore } from "./schema.ts";
import { note, SCHEMA } from "./schema.ts";
import { collect, temporaryDirectory } from "./support.ts";

const open = (dir: string): Promise<TestStore> =>
  openStore(dir, { schema: SCHEMA, maxBlobBytes: 1e6, sync: false });

const EVENTS = 220;
const PADDING = "x".repeat(60);
const eventOf = (job: string, i: number): Note => note(i, `${job}${PADDING}`.slice(0, 64));
const idOf = (i: number): { job: string; task: string; epoch: number } => ({
  job: "job0",
  task: "t",
  epoch: i,
});

/** What a kill would leave behind: a copy of a store in use, with two logs and a room, written together. */
async function crashImage(): Promise<string> {
  const dir = join(await temporaryDirectory(), "image");
  const live = join(await temporaryDirectory(), "live");
  const store = await open(live);
  const { events, notes, raw } = store.rooms;
  for (let i = 0; i < EVENTS; i++) {
    const job = `job${i % 2}`;
    await store.commit([
      events.appending(job, [eventOf(job, i >> 1)]),
      notes.putting(idOf(i), eventOf("note", i)),
      raw.putting(`key${i}`, new Uint8Array(300).fill(i)),
    ]);
  }
  await cp(live, dir, { recursive: true });
  await store.close();
  return dir;
}

async function copyOf(image: string): Promise<string> {
  const dir = join(await temporaryDirectory(), "copy");
  await cp(image, dir, { recursive: true });
  return dir;
}

/** The biggest file of LevelDB with this ending. */
async function stateFile(dir: string, ending: string): Promise<string> {
  const names = (await readdir(join(dir, "state"))).filter((name) => name.endsWith(ending));
  const paths = names.map((name) => join(dir, "state", name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths[sizes.indexOf(Math.max(...sizes))] as string;
}

async function flip(path: string, at: number, bits = 0x10): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ bits;
  await writeFile(path, bytes);
}

/** All that is there is right; logs are prefixes. @returns how many events each log has */
async function checkContents(store: TestStore): Promise<number[]> {
  const lengths = [];
  for (const job of ["job0", "job1"]) {
    const read = await collect(store.rooms.events.read(job));
    const expected = read.map((_, i) => ({ sequence: i, event: eventOf(job, i) }));
    expect(read).toEqual(expected);
    expect(await store.rooms.events.length(job)).toBe(read.length);
    lengths.push(read.length);
  }
  for await (const [{ epoch }, value] of store.rooms.notes.entries()) {
    expect(value).toEqual(eventOf("note", epoch));
  }
  for await (const [key, value] of store.rooms.raw.entries()) {
    expect(value).toEqual(new Uint8Array(300).fill(Number(key.slice(3))));
  }
  return lengths;
}

const missingFrom = ([a = 0, b = 0]: number[]): number => EVENTS - a - b;

describe("a store whose last write was torn", () => {
  test("has lost exactly the commits after the tear, in all rooms alike", async () => {
    const image = await crashImage();
    const { length } = await readFile(await stateFile(image, ".log"));
    const draw = drawsFrom(1);
    for (let round = 0; round < 20; round++) {
      const dir = await copyOf(image);
      const at = draw(length);
      await truncate(await stateFile(dir, ".log"), at);
      const store = await open(dir);
      const lengths = await checkContents(store);
      const total = EVENTS - missingFrom(lengths);
      expect(lengths).toEqual([Math.ceil(total / 2), Math.floor(total / 2)]);
      expect(await collect(store.rooms.notes.entries())).toHaveLength(total);
      expect(total).toBeGreaterThanOrEqual(Math.floor((at / length) * EVENTS) - 1);
      expect(store.report).toMatchObject({ cutLogs: [], dropped: [] });
      expect(await store.rooms.events.append("job0", [eventOf("job0", lengths[0] as number)])).toBe(
        lengths[0],
      );
      await store.close();
    }
  });
});

describe("a store with a bad byte", () => {
  test("in LevelDB's log is cut back to what is sure, and says so", async () => {
    const image = await crashImage();
    const { length } = await readFile(await stateFile(image, ".log"));
    const draw = drawsFrom(2);
    let cuts = 0;
    for (let round = 0; round < 20; round++) {
      const dir = await copyOf(image);
      await flip(await stateFile(dir, ".log"), draw(length));
      const store = await open(dir);
      await checkContents(store);
      cuts += store.report.cutLogs.length;
      await store.close();
      const again = await open(dir);
      expect(again.report).toMatchObject({ wasClosed: true });
      await checkContents(again);
      await again.close();
    }
    expect(cuts).toBeGreaterThan(0); // the check has had something to do
  });

  test.each([
    ["after a crash", false],
    ["after an orderly end", true],
  ])("in a table, %s, is found: by the check or by the reader", async (_, orderly) => {
    const image = await crashImage();
    const first = await open(image); // makes a table of the log
    await first.close();
    const table = await stateFile(image, ".ldb");
    const { length } = await readFile(table);
    const draw = drawsFrom(3);
    let damaged = 0;
    let nearlyWhole = 0;
    const kinds = new Set<string>();
    for (let round = 0; round < 25; round++) {
      const dir = await copyOf(image);
      if (!orderly) await crash(dir);
      await flip(await stateFile(dir, ".ldb"), draw(length));
      let store = await open(dir);
      const isReadable = await checkContents(store).then(() => true, expectCorrupt);
      if (!isReadable) {
        expect(orderly).toBe(true);
        await store.close();
        store = await open(dir); // now everything is checked
        expect(store.report.wasClosed).toBe(false);
        await checkContents(store);
      }
      if ((await collect(store.rooms.notes.entries())).length > 0.8 * EVENTS) nearlyWhole += 1;
      await store.close();
      const { cutLogs, dropped, mended } = store.report;
      if (cutLogs.length + dropped.length > 0 || mended) damaged += 1;
      kinds.add(mended ?? "checked");
    }
    expect([...kinds].toSorted()).toEqual(["checked", "rebuilt", "salvaged"]);
    expect(damaged).toBeGreaterThan(5);
    expect(nearlyWhole).toBeGreaterThan(15); // a bad byte costs a block or two, not the store
  });
});

test("a record whose key has become no text is put aside, in a room and in a log", async () => {
  const dir = await crashImage();
  const level = new Level<Uint8Array, Uint8Array>(join(dir, "state"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  for (const key of ["!raw!key8", "!events!job0\0"]) {
    const damaged = Buffer.from(key);
    damaged[key.length - 1] = 0xff;
    await level.put(damaged, new Uint8Array(300));
  }
  await level.close();
  const store = await open(dir);
  expect(store.report.dropped).toEqual([
    { room: "raw", key: "key\ufffd" },
    { room: "events", key: "job0\ufffd" },
  ]);
  expect(store.report.cutLogs).toEqual([]);
  await checkContents(store);
  expect(await collect(store.rooms.raw.entries())).toHaveLength(EVENTS);
  await store.close();
});

test.each([
  ["bad bytes", 0x10],
  ["bytes that are no text, as keys are,", 0x80],
])("a store with %s in any of its files opens, and what is there is right", async (_, bits) => {
  const image = await crashImage();
  await (await open(image)).close(); // makes a table of the log
  await crash(image);
  const files = (await readdir(image, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const draw = drawsFrom(4);
  for (const { parentPath, name } of files) {
    const dir = await copyOf(image);
    const path = join(dir, relative(image, parentPath), name);
    const { length } = await readFile(path);
    for (let i = 0; length > 0 && i < 16; i++) await flip(path, draw(length), bits);
    const store = await open(dir);
    await checkContents(store);
    await store.close();
  }
});

function expectCorrupt(thrown: unknown): false {
  expect(thrown).toMatchObject({ code: "CORRUPT" });
  return false;
}

/** As if the process that has it open had been killed. */
async function crash(dir: string): Promise<void> {
  const live = await copyOf(dir);
  const store = await open(live);
  const names = await readdir(join(live, "state"));
  for (const name of names) await cp(join(live, "state", name), join(dir, "state", name));
  await store.close();
}
