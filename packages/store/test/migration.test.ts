import { Level } from "level";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Migration, RawOp, Schema } from "../src/index.ts";
import { log, opaque, openMemoryStore, openStore, repository, textKey } from "../src/index.ts";
import type { TestRooms } from "./schema.ts";
import { note, ROOMS, SCHEMA } from "./schema.ts";
import { collect, temporaryDirectory } from "./support.ts";

interface Fixture {
  readonly marker: string;
  /** room, key, value as LevelDB keeps it, in hexadecimal digits */
  readonly entries: readonly (readonly [string, string, string])[];
  /** path under blobs/, bytes */
  readonly blobs: readonly (readonly [string, string])[];
}

/** A store as version 1 has written it, byte by byte: whatever becomes of the code, it must open this. */
async function versionOne(): Promise<string> {
  const path = new URL("./fixtures/version-1.json", import.meta.url);
  const { marker, entries, blobs } = JSON.parse(await readFile(path, "utf8")) as Fixture;
  const dir = await temporaryDirectory();
  await writeFile(join(dir, "foldmesh.store"), marker);
  for (const [name, hex] of blobs) {
    const file = join(dir, "blobs", name);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, Buffer.from(hex, "hex"));
  }
  const level = new Level(join(dir, "state"));
  for (const [room, key, hex] of entries) {
    const sublevel = level.sublevel<string, Buffer>(room, { valueEncoding: "buffer" });
    await sublevel.put(key, Buffer.from(hex, "hex"));
  }
  await level.close();
  return dir;
}

const BLOB = Uint8Array.from({ length: 40 }, (_, i) => i);
const options = { maxBlobBytes: 1e6, sync: false };

/** Version 2 puts a byte 2 before every raw record, drops "old", and keeps a log of what it has done. */
const toVersion2: Migration = {
  from: 1,
  name: "tag raw records",
  async *migrate(old): AsyncGenerator<RawOp> {
    for await (const [key, value] of old.entries("raw")) {
      if (key === "old") yield { type: "del", room: "raw", key };
      else yield { type: "put", room: "raw", key, value: Uint8Array.of(2, ...value) };
    }
    yield { type: "put", room: "history", key: "raw\0" + "0".repeat(16), value: Uint8Array.of(2) };
  },
};

const rooms2 = { ...ROOMS, history: log(opaque) };
const schema2: Schema<typeof rooms2> = { version: 2, rooms: rooms2, migrations: [toVersion2] };

describe("a store of version 1", () => {
  test("opens as it is", async () => {
    const schema: Schema<TestRooms> = SCHEMA;
    const store = await openStore(await versionOne(), { ...options, schema });
    onTestFinished(() => store.close());
    expect(store.report).toMatchObject({ migrated: undefined, cutLogs: [], dropped: [] });
    expect(await collect(store.rooms.notes.entries())).toEqual([
      [{ job: "job", task: "prove:0", epoch: 3 }, note(3)],
      [{ job: "job", task: "prove:0", epoch: 12 }, note(12)],
    ]);
    expect((await collect(store.rooms.events.read("job"))).map(({ event }) => event)).toEqual([
      note(0),
      note(1),
    ]);
    const [owner] = store.blobs.owners();
    expect(owner).toBe("job");
    expect(store.blobs.usage()).toMatchObject({ blobs: 1, bytes: 40, pinnedBytes: 40 });
    expect(await store.blobs.read(await store.blobs.add(BLOB))).toEqual(BLOB);
  });

  test("becomes version 2 once, with all else as it was", async () => {
    const dir = await versionOne();
    const first = await openStore(dir, { ...options, schema: schema2 });
    expect(first.report.migrated).toEqual({ from: 1, to: 2, names: ["tag raw records"] });
    expect(await collect(first.rooms.raw.entries())).toEqual([["new", Uint8Array.of(2, 1)]]);
    expect(await collect(first.rooms.history.read("raw"))).toEqual([
      { sequence: 0, event: Uint8Array.of(2) },
    ]);
    expect(await first.rooms.events.length("job")).toBe(2);
    await first.close();
    const second = await openStore(dir, { ...options, schema: schema2 });
    expect(second.report.migrated).toBeUndefined();
    expect(await second.rooms.raw.get("new")).toEqual(Uint8Array.of(2, 1));
    await second.close();
    await expect(openStore(dir, { ...options, schema: SCHEMA })).rejects.toMatchObject({
      code: "NEWER_SCHEMA",
    });
  });

  test("stays version 1 when the migration fails halfway", async () => {
    const dir = await versionOne();
    const broken: Migration = {
      ...toVersion2,
      async *migrate(old) {
        for await (const op of toVersion2.migrate(old)) {
          yield op;
          throw new RangeError("a bug in the migration");
        }
      },
    };
    const schema = { ...schema2, migrations: [broken] };
    await expect(openStore(dir, { ...options, schema })).rejects.toThrow("a bug in the migration");
    const store = await openStore(dir, { ...options, schema: SCHEMA });
    expect(await collect(store.rooms.raw.entries())).toHaveLength(2);
    await store.close();
  });

  test("is refused where no migration leads on", async () => {
    const schema = { ...schema2, version: 3 };
    const opening = openStore(await versionOne(), { ...options, schema });
    await expect(opening).rejects.toMatchObject({ code: "NO_MIGRATION" });
  });
});

test("a new store has the newest version at once", async () => {
  const unused: Migration = {
    ...toVersion2,
    migrate: () => expect.unreachable("nothing to migrate"),
  };
  const rooms = { raw: repository(textKey, opaque) };
  const store = await openMemoryStore({
    maxBlobBytes: 1e6,
    schema: { version: 2, rooms, migrations: [unused] },
  });
  expect(store.report.migrated).toBeUndefined();
  await store.close();
});
