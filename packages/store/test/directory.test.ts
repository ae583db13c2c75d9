import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { writePrivateFile } from "../src/directory.ts";
import { openStore, StoreError } from "../src/index.ts";
import type { TestStore } from "./schema.ts";
import { note, SCHEMA } from "./schema.ts";
import { temporaryDirectory } from "./support.ts";

const options = { schema: SCHEMA, maxBlobBytes: 100_000, sync: false };
const open = (dir: string): Promise<TestStore> => openStore(dir, options);
const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8);

describe("a data directory", () => {
  test("is made with what is in it readable to its owner only", async () => {
    const dir = join(await temporaryDirectory(), "deep", "data");
    const store = await open(dir);
    await store.blobs.add(Uint8Array.of(1, 2, 3));
    await writePrivateFile(join(dir, "identity"), Uint8Array.of(1));
    await store.close();
    for (const each of await readdir(join(dir, "blobs"), {
      recursive: true,
      withFileTypes: true,
    })) {
      expect(await modeOf(join(each.parentPath, each.name))).toBe(each.isFile() ? "600" : "700");
    }
    for (const each of ["", "state", "blobs"]) expect(await modeOf(join(dir, each))).toBe("700");
    for (const each of ["identity", "foldmesh.store"]) {
      expect(await modeOf(join(dir, each))).toBe("600");
    }
    expect(await readdir(dir)).not.toContain("identity.new");
  });

  test("keeps everything over an orderly end", async () => {
    const dir = await temporaryDirectory();
    const first = await open(dir);
    expect(first.report).toMatchObject({
      wasClosed: false,
      mended: undefined,
      migrated: undefined,
    });
    const id = { job: "a", task: "b", epoch: 1 };
    await first.commit([
      first.rooms.notes.putting(id, note(1)),
      first.rooms.events.appending("job", [note(2)]),
    ]);
    const cid = await first.blobs.add(Uint8Array.of(1, 2, 3));
    await first.blobs.pin("job", [cid]);
    await first.close();
    const second = await open(dir);
    onTestFinished(() => second.close());
    expect(second.report).toMatchObject({ wasClosed: true, cutLogs: [], dropped: [] });
    expect(await second.rooms.notes.get(id)).toEqual(note(1));
    expect(await second.rooms.events.append("job", [note(3)])).toBe(1);
    expect(await second.blobs.read(cid)).toEqual(Uint8Array.of(1, 2, 3));
    expect(second.blobs.owners()).toEqual(["job"]);
  });

  test("is not made out of a directory with other things in it", async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, "thesis.txt"), "years of work");
    const before = await modeOf(dir);
    await expect(open(dir)).rejects.toMatchObject({ code: "NOT_A_STORE" });
    expect(await readdir(dir)).toEqual(["thesis.txt"]);
    expect(await modeOf(dir)).toBe(before);
  });

  test("of another layout is refused; one whose making was cut short is made", async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, "foldmesh.store.new"), "fold");
    await (await open(dir)).close();
    await writeFile(join(dir, "foldmesh.store"), "foldmesh store, layout 2\n");
    await expect(open(dir)).rejects.toMatchObject({ code: "NOT_A_STORE" });
  });

  test("that is a file, or in one, is an error of files", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    await expect(open(file)).rejects.toBeInstanceOf(StoreError);
    await expect(open(join(file, "x"))).rejects.toMatchObject({ code: "IO" });
  });
});

describe("the lock", () => {
  test("keeps a second opening out, and goes with the first", async () => {
    const dir = await temporaryDirectory();
    const first = await open(dir);
    const second = open(dir);
    await expect(second).rejects.toMatchObject({ code: "LOCKED" });
    await expect(second).rejects.toThrow(`process ${process.pid}`);
    await first.rooms.raw.put("still", Uint8Array.of(1));
    await first.close();
    const third = await open(dir);
    expect(await third.rooms.raw.has("still")).toBe(true);
    await third.close();
  });

  test("keeps a second process out, until the first is killed", async () => {
    const dir = await temporaryDirectory();
    const child = fork(new URL("./children/holder.ts", import.meta.url), [dir]);
    await once(child, "message");
    await expect(open(dir)).rejects.toThrow(`process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    const store = await open(dir);
    expect(store.report.wasClosed).toBe(false);
    await store.close();
  });
});

/** Bytes of CURRENT may change so that it still ends with its line. */
const RUINS: Readonly<Record<string, string>> = {
  "a ruined": "garbage",
  "a misleading": "MANI\0EST-\x01\n",
};

describe("a store that is rebuilt", () => {
  test.each([
    ["a ruined", "CURRENT"],
    ["a misleading", "CURRENT"],
    ["a ruined", "MANIFEST"],
    ["no", "CURRENT"],
    ["no", "MANIFEST"],
  ])("from %s %s keeps what was written", async (how, lost) => {
    const dir = await temporaryDirectory();
    const first = await open(dir);
    for (let i = 0; i < 50; i++) await first.rooms.events.append("job", [note(i)]);
    await first.close();
    const [name] = (await readdir(join(dir, "state"))).filter((each) => each.startsWith(lost));
    const path = join(dir, "state", name as string);
    await (how === "no" ? rm(path) : writeFile(path, RUINS[how] as string));
    const second = await open(dir);
    onTestFinished(() => second.close());
    expect(second.report).toMatchObject({ mended: "rebuilt", cutLogs: [], dropped: [] });
    expect(await second.rooms.events.length("job")).toBe(50);
  });

  test("and killed between the two renamings of a salvage goes on with what was salvaged", async () => {
    const dir = await temporaryDirectory();
    const first = await open(dir);
    await first.rooms.raw.put("a", Uint8Array.of(1));
    await first.close();
    await cp(join(dir, "state"), join(dir, "state.salvaged"), { recursive: true });
    await rename(join(dir, "state"), join(dir, "state.damaged"));
    const second = await open(dir);
    onTestFinished(() => second.close());
    expect(await second.rooms.raw.get("a")).toEqual(Uint8Array.of(1));
    expect(await readdir(dir)).not.toContain("state.salvaged");
  });

  test("with data but no version is not guessed at: it begins anew, with the old one and all blobs beside it", async () => {
    const dir = await temporaryDirectory();
    const first = await open(dir);
    await first.rooms.raw.put("a", Uint8Array.of(1));
    const cid = await first.blobs.add(Uint8Array.of(1, 2, 3));
    await first.close();
    const { Level } = await import("level");
    const level = new Level(join(dir, "state"));
    for (const copy of ["@meta", "~meta"]) await level.sublevel(copy).clear();
    await level.close();
    const second = await open(dir);
    onTestFinished(() => second.close());
    expect(second.report).toMatchObject({ mended: "begun anew", blobs: { blobs: 1 } });
    expect(await second.rooms.raw.has("a")).toBe(false);
    expect(await second.blobs.read(cid)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readdir(join(dir, "state.damaged"))).toContain("CURRENT");
  });

  test("knows itself without its marker, too", async () => {
    const dir = await temporaryDirectory();
    for (const ruin of ["foldmexx", "foldmesh store, layout 1"]) {
      await (await open(dir)).close();
      await writeFile(join(dir, "foldmesh.store"), ruin);
    }
    const last = await open(dir);
    onTestFinished(() => last.close());
    expect(last.report).toMatchObject({ wasClosed: true, mended: undefined });
  });
});

test("a private file is the old one or the new one", async () => {
  const dir = await temporaryDirectory();
  const path = join(dir, "identity");
  await writePrivateFile(path, Uint8Array.of(1));
  await mkdir(`${path}.new`);
  await expect(writePrivateFile(path, Uint8Array.of(2))).rejects.toMatchObject({ code: "IO" });
  expect(await readFile(path)).toEqual(Buffer.of(1));
  await rm(`${path}.new`, { recursive: true, force: true });
  await cp(path, `${path}.new`); // left by a crash
  await writePrivateFile(path, Uint8Array.of(2));
  expect(await readFile(path)).toEqual(Buffer.of(2));
});
