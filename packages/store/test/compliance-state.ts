import { describe, expect, test } from "vitest";
import type { TestStore } from "./schema.ts";
import { note } from "./schema.ts";
import { collect } from "./support.ts";

/** What every store's rooms do. `open` gives a new store, closed when the test ends. */
export function stateCompliance(name: string, open: () => Promise<TestStore>): void {
  const ids = [
    { job: "a", task: "merge:1.0", epoch: 2 },
    { job: "a", task: "prove:3", epoch: 9 },
    { job: "a", task: "prove:3", epoch: 10 },
    { job: "ab", task: "prove:3", epoch: 1 },
  ];

  describe(`${name}: repositories`, () => {
    test("give back what was put, and the last of it", async () => {
      const { notes, raw } = (await open()).rooms;
      const [id] = ids as [(typeof ids)[0]];
      expect(await notes.get(id)).toBeUndefined();
      expect(await notes.has(id)).toBe(false);
      await notes.put(id, note(1));
      await notes.put(id, note(2));
      await raw.put("é/💠", Uint8Array.of(0, 255));
      expect(await notes.get(id)).toEqual(note(2));
      expect(await notes.has(id)).toBe(true);
      expect(await raw.get("é/💠")).toEqual(Uint8Array.of(0, 255));
      await notes.remove(id);
      await notes.remove(id);
      expect(await notes.get(id)).toBeUndefined();
    });

    test("list by the order of ids, by parts, backwards and the first few", async () => {
      const { notes } = (await open()).rooms;
      for (const [i, id] of ids.toReversed().entries()) await notes.put(id, note(i));
      const listed = async (...args: Parameters<typeof notes.entries>): Promise<unknown[]> =>
        (await collect(notes.entries(...args))).map(([id]) => id);
      expect(await listed()).toEqual(ids);
      expect(await listed({ job: "a" })).toEqual(ids.slice(0, 3));
      expect(await listed({ job: "a", task: "prove:3" }, { reverse: true, limit: 1 })).toEqual([
        ids[2],
      ]);
      expect(await listed({ job: "a", task: "prove" })).toEqual([]);
      await expect(collect(notes.entries({ task: "prove:3" }))).rejects.toMatchObject({
        code: "BAD_KEY",
      });
    });

    test("refuse keys that would not come back as they went in", async () => {
      const { raw, notes } = (await open()).rooms;
      for (const key of ["", "a\0b", "\ud800"]) {
        await expect(raw.put(key, Uint8Array.of())).rejects.toMatchObject({ code: "BAD_KEY" });
      }
      for (const epoch of [-1, 0.5, 2 ** 53]) {
        await expect(notes.put({ job: "a", task: "b", epoch }, note(1))).rejects.toMatchObject({
          code: "BAD_KEY",
        });
      }
    });

    test("hold a list to the moment it was begun", async () => {
      const { raw } = (await open()).rooms;
      for (const key of ["a", "b", "c"]) await raw.put(key, Uint8Array.of(1));
      const entries = raw.entries();
      await entries.next();
      await raw.remove("c");
      await raw.put("d", Uint8Array.of(1));
      expect((await collect(entries)).map(([key]) => key)).toEqual(["b", "c"]);
    });
  });

  describe(`${name}: logs`, () => {
    test("number events without gaps, whoever appends at once", async () => {
      const { events } = (await open()).rooms;
      const places = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          events.append(`job${i % 2}`, [note(i), note(i + 100)]),
        ),
      );
      for (const job of ["job0", "job1"]) {
        const read = await collect(events.read(job));
        expect(read.map(({ sequence }) => sequence)).toEqual(
          Array.from({ length: 40 }, (_, i) => i),
        );
        expect(await events.length(job)).toBe(40);
      }
      const [third] = await collect(events.read("job0", places[2]));
      expect(third).toEqual({ sequence: places[2], event: note(2) });
      expect(await collect(events.names())).toEqual(["job0", "job1"]);
    });

    test("refuse a writer that is wrong about the length, and only it", async () => {
      const { events } = (await open()).rooms;
      const results = await Promise.allSettled([
        events.append("job", [note(0)], 0),
        events.append("job", [note(1)], 0),
        events.append("job", [note(2)], 1),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      await expect(events.append("job", [note(3)], 7)).rejects.toMatchObject({ code: "CONFLICT" });
      const read = await collect(events.read("job"));
      expect(read.map(({ event }) => event.weight)).toEqual([0, 2]);
    });

    test("begin again after they were removed, and leave their neighbours", async () => {
      const { events } = (await open()).rooms;
      for (const job of ["a", "ab", "b"]) await events.append(job, [note(1), note(2), note(3)]);
      await events.remove("a");
      expect(await events.length("a")).toBe(0);
      expect(await collect(events.names())).toEqual(["ab", "b"]);
      expect(await events.append("a", [note(4)])).toBe(0);
      expect(await collect(events.read("a"))).toHaveLength(1);
      expect(await collect(events.read("ab", 1))).toHaveLength(2);
      expect(await collect(events.read("ab", 9))).toEqual([]);
    });
  });

  describe(`${name}: commits`, () => {
    test("write to several rooms at once or to none", async () => {
      const store = await open();
      const { raw, events } = store.rooms;
      await store.commit([
        events.appending("job", [note(0)]),
        raw.putting("a", Uint8Array.of(1)),
        events.appending("job", [note(1)], 1),
      ]);
      const refused = store.commit([
        raw.putting("a", Uint8Array.of(2)),
        raw.removing("a"),
        events.appending("other", [note(2)]),
        events.appending("job", [note(2)], 5),
      ]);
      await expect(refused).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await raw.get("a")).toEqual(Uint8Array.of(1));
      expect(await events.length("other")).toBe(0);
      expect(await events.append("other", [note(3)])).toBe(0);
      expect(await collect(events.read("job"))).toHaveLength(2);
    });

    test("take effect in the order of the calls", async () => {
      const store = await open();
      const { raw } = store.rooms;
      await Promise.all(
        Array.from({ length: 600 }, (_, i) => raw.put("a", Uint8Array.of(i >> 8, i & 255))),
      );
      expect(await raw.get("a")).toEqual(Uint8Array.of(2, 87));
    });

    test("are finished before the store closes, and refused after", async () => {
      const store = await open();
      const { raw } = store.rooms;
      const before = raw.put("a", Uint8Array.of(1));
      const closing = store.close();
      await expect(before).resolves.toBeUndefined();
      await closing;
      await store.close();
      const closed = { code: "CLOSED" };
      await expect(raw.put("a", Uint8Array.of(2))).rejects.toMatchObject(closed);
      await expect(raw.get("a")).rejects.toMatchObject(closed);
      await expect(collect(raw.entries())).rejects.toMatchObject(closed);
    });
  });
}
