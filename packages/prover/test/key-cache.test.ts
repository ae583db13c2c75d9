import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BLOCK_POINTS, PINNED, readCached, wBlock, writeCached } from "../src/key-cache.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "foldmesh-cache-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const file = { name: "test.bin", bytes: 100 };
const content = new Uint8Array(100).map((_, n) => n);

test("what was written is read, and nothing else is left behind", async () => {
  expect(await readCached(dir, file)).toBeNull();
  await writeCached(dir, file, content);
  expect(Buffer.from((await readCached(dir, file))!)).toEqual(Buffer.from(content));
  expect(await readdir(dir)).toEqual(["test.bin"]);
});

test.each([
  ["a flipped byte", (b: Buffer) => b.fill(b[50]! ^ 1, 50, 51)],
  ["a flipped byte of the hash", (b: Buffer) => b.fill(b[3]! ^ 1, 3, 4)],
  ["a truncated file", (b: Buffer) => b.subarray(0, 90)],
  ["trailing bytes", (b: Buffer) => Buffer.concat([b, Buffer.alloc(1)])],
  ["an empty file", () => Buffer.alloc(0)],
])("%s counts as missing", async (_, damage) => {
  await writeCached(dir, file, content);
  const path = join(dir, file.name);
  await writeFile(path, damage(await readFile(path)));
  expect(await readCached(dir, file)).toBeNull();
});

test("a directory that cannot be written is said clearly", async () => {
  const notADirectory = join(dir, "file");
  await writeFile(notADirectory, "");
  await expect(writeCached(notADirectory, file, content)).rejects.toThrow(
    /choose another with --cache/,
  );
});

test("so is one on a file system that takes no directories", async () => {
  await expect(writeCached("/proc/nowhere/keys", file, content)).rejects.toThrow(
    /cannot write to the cache directory .*choose another with --cache/,
  );
});

test("a pinned file with its own valid hash but other content counts as missing, and is never written", async () => {
  const pinned = { name: "system-v1.bin", bytes: 100 };
  await writeFile(
    join(dir, pinned.name),
    Buffer.concat([createHash("sha256").update(content).digest(), content]),
  );
  expect(await readCached(dir, pinned)).toBeNull();
  await expect(writeCached(dir, pinned, content)).rejects.toThrow(/differ from the pinned/);
});

test("block 0 is pinned to the reference's generators", () => {
  const vectors = JSON.parse(
    readFileSync(new URL("../../../test/vectors/hash-to-curve.json", import.meta.url), "utf8"),
  );
  const { allUsedSha256 } = vectors.labels.find(
    ({ label, count }: { label: string; count: number }) => label === "w" && count === BLOCK_POINTS,
  );
  expect(PINNED[wBlock(0).name]).toBe(allUsedSha256);
});
