import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { MemoryLevel } from "memory-level";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openStore } from "../src/index.ts";
import type { Level } from "../src/state/database.ts";
import { Database } from "../src/state/database.ts";
import { createLog } from "../src/state/log.ts";
import { createRepository } from "../src/state/repository.ts";
import { textKey } from "../src/state/keys.ts";
import { opaque } from "../src/state/values.ts";
import { blobOf, SCHEMA } from "./schema.ts";
import { collect, temporaryDirectory } from "./support.ts";

/** In units of 1024 bytes; LevelDB's log and the larger blobs grow past it. */
const FILE_LIMIT = 200;

test("where files cannot grow, writes are refused as STORE_FULL and all that was acknowledged stays", async () => {
  const dir = join(await temporaryDirectory(), "data");
  const filler = new URL("./children/filler.ts", import.meta.url).pathname;
  // with the signal ignored, a write past the limit fails as on a full disk
  const script = `ulimit -f ${FILE_LIMIT}; trap '' XFSZ; exec "$@"`;
  const args = ["-c", script, "bash", process.execPath, filler, dir];
  const { stdout } = await promisify(execFile)("bash", args);
  const lines = stdout.split("\n").slice(0, -1);
  const doneOf = (what: string): number[] =>
    lines
      .filter((line) => line.startsWith(`done ${what}`))
      .map((line) => Number(line.split(" ")[2]));
  const failures = lines.filter((line) => line.startsWith("failed"));
  expect(failures.length).toBeGreaterThan(2);
  for (const failure of failures) expect(failure).toMatch(/ STORE_FULL$/);
  expect(lines.at(-1)).toBe(`usage ${300_000}`); // two of the three blobs

  const store = await openStore(dir, { schema: SCHEMA, maxBlobBytes: 1e9, sync: false });
  onTestFinished(() => store.close());
  expect(store.report).toMatchObject({ mended: undefined, cutLogs: [], dropped: [] });
  expect(store.report.blobs).toMatchObject({ blobs: 2, bytes: 300_000, unfinished: 0 });
  expect(await readdir(join(dir, "blobs", "new"))).toEqual([]);
  const records = doneOf("record");
  expect(records.length).toBeGreaterThan(30);
  for (const i of records) expect(await store.rooms.raw.get(`key${i}`)).toEqual(blobOf(i, 10_000));
  const events = (await collect(store.rooms.events.read("job"))).map(({ event }) => event.weight);
  expect(events).toEqual(expect.arrayContaining(doneOf("event")));
  expect(events).toEqual(events.toSorted((a, b) => a - b));
});

describe("a write that LevelDB fails", () => {
  /** A database whose batches fail from `fail` on until it is opened anew; `hold` keeps those before waiting. */
  function setUp(): { database: Database; level: Level; fail: () => void; hold: Promise<void>[] } {
    const level: Level = new MemoryLevel();
    const batch = level.batch.bind(level) as (...args: unknown[]) => Promise<void>;
    const open = level.open.bind(level);
    const hold: Promise<void>[] = [];
    let failure: Error | undefined;
    level.batch = (async (...args: unknown[]): Promise<void> => {
      if (failure) throw failure;
      await hold[0];
      return batch(...args);
    }) as typeof level.batch;
    level.open = async () => {
      failure = undefined;
      await open();
    };
    const fail = (): void => {
      const message = "IO error: 000005.log: No space left on device";
      failure = Object.assign(new Error(message), { code: "LEVEL_IO_ERROR" });
    };
    return { database: new Database(level, true), level, fail, hold };
  }

  test("is refused for all who wrote with it, gives no numbers away, and the database is opened anew", async () => {
    const { database, fail, hold } = setUp();
    const log = createLog(database, "events", opaque);
    const records = createRepository(database, "raw", textKey, opaque);
    const gate = Promise.withResolvers<void>();
    hold.push(gate.promise);
    const before = log.append("job", [Uint8Array.of(0)]);
    const together = [
      log.append("job", [Uint8Array.of(1)]),
      log.append("job", [Uint8Array.of(2)], 2),
      records.put("a", Uint8Array.of(1)),
    ];
    const conflicting = log.append("job", [Uint8Array.of(3)], 9);
    await new Promise(setImmediate); // the first is being written, the others wait
    fail();
    gate.resolve();
    await expect(before).resolves.toBe(0);
    for (const each of await Promise.allSettled(together)) {
      expect(each).toMatchObject({ status: "rejected", reason: { code: "STORE_FULL" } });
    }
    await expect(conflicting).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await log.length("job")).toBe(1);
    expect(await log.append("job", [Uint8Array.of(4)])).toBe(1);
    expect(await records.get("a")).toBeUndefined();
    expect((await collect(log.read("job"))).map(({ event }) => event[0])).toEqual([0, 4]);
  });

  test("for another reason is an IO error, and one that stays keeps refusing", async () => {
    const { database, level } = setUp();
    const records = createRepository(database, "raw", textKey, opaque);
    await records.put("a", Uint8Array.of(1));
    vi.spyOn(level, "batch").mockRejectedValue(new Error("IO error: Input/output error"));
    for (let i = 0; i < 3; i++) {
      await expect(records.put("b", Uint8Array.of(1))).rejects.toMatchObject({ code: "IO" });
    }
    expect(await records.get("a")).toEqual(Uint8Array.of(1));
    vi.restoreAllMocks();
    await records.put("b", Uint8Array.of(2));
    expect(await records.get("b")).toEqual(Uint8Array.of(2));
  });
});
