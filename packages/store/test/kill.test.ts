import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { drawsFrom } from "./draws.ts";
import type { TestStore } from "./schema.ts";
import { blobOf, note, SCHEMA } from "./schema.ts";
import { collect, temporaryDirectory } from "./support.ts";

const KILLS = 20;
const SEED = 7;

/** Lets a writer run and kills it `delay` ms after it began to open, or after it began to write. @returns what it had said */
async function runAndKill(
  args: readonly string[],
  delay: number,
  early: boolean,
): Promise<string[]> {
  const child = fork(new URL("./children/writer.ts", import.meta.url), args, { silent: true });
  const said = text(child.stdout as NodeJS.ReadableStream & AsyncIterable<Uint8Array>);
  const complaints = text(child.stderr as NodeJS.ReadableStream & AsyncIterable<Uint8Array>);
  const gone = once(child, "exit");
  if (!early) await Promise.race([once(child.stdout as NodeJS.EventEmitter, "data"), gone]);
  await Promise.race([sleep(delay), gone]);
  child.kill("SIGKILL");
  const [code, signal] = (await gone) as [number | null, string | null];
  expect({ code, signal, complaints: await complaints }).toEqual({
    code: null,
    signal: "SIGKILL",
    complaints: "",
  });
  return (await said).split("\n").slice(0, -1);
}

/** What all runs together have acknowledged. */
interface Acknowledged {
  /** length of each log */
  readonly events: Map<string, number>;
  /** what each blob was made of */
  readonly blobs: Map<string, number>;
  /** pinned while held, and not let go */
  readonly kept: Set<string>;
}

function takeDown({ events, blobs, kept }: Acknowledged, lines: readonly string[]): void {
  for (const line of lines) {
    const [what, name = "", value] = line.split(" ");
    if (what === "event") events.set(name, Number(value) + 1);
    if (what === "blob") blobs.set(name, Number(value));
    if (what === "keep") kept.add(name);
    if (what === "drop") kept.delete(name);
  }
}

async function checkLogs({ rooms }: TestStore, { events }: Acknowledged): Promise<void> {
  for (const job of ["job0", "job1"]) {
    const read = await collect(rooms.events.read(job));
    expect(read).toEqual(read.map((_, i) => ({ sequence: i, event: note(i, job) })));
    expect(read.length).toBeGreaterThanOrEqual(events.get(job) ?? 0);
    const records = await collect(rooms.notes.entries({ job }));
    expect(records.map(([{ epoch }]) => epoch)).toEqual(read.map((_, i) => i)); // written with its event
  }
}

async function checkBlobs({ blobs }: TestStore, acknowledged: Acknowledged): Promise<void> {
  const { bytes, maxBytes } = blobs.usage();
  expect(bytes).toBeLessThanOrEqual(maxBytes);
  const hasGivenWay = bytes > maxBytes - 3 * 31_000; // for two that were being written, and one too many
  for (const [cid, seed] of acknowledged.blobs) {
    const read = await blobs.read(cid);
    if (read !== undefined)
      expect(Buffer.compare(read, blobOf(seed, 1000 + (seed % 7) * 5000))).toBe(0);
    else
      expect({ kept: acknowledged.kept.has(cid), hasGivenWay }).toEqual({
        kept: false,
        hasGivenWay: true,
      });
  }
}

test(`survives ${KILLS} kills at random moments`, { timeout: 120_000 }, async () => {
  const dir = join(await temporaryDirectory(), "data");
  const acknowledged: Acknowledged = { events: new Map(), blobs: new Map(), kept: new Set() };
  const draw = drawsFrom(SEED);
  let everKept = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const early = kill % 5 === 4;
    const args = [dir, String(kill * 10_000)];
    takeDown(acknowledged, await runAndKill(args, draw(early ? 400 : 120), early));
    const store = await openStore(dir, { schema: SCHEMA, maxBlobBytes: 400_000, sync: false });
    expect(store.report).toMatchObject({ mended: undefined, cutLogs: [], dropped: [] });
    expect(store.report.blobs).toMatchObject({ torn: [], strangers: [] });
    expect(await readdir(join(dir, "blobs", "new"))).toEqual([]);
    await checkLogs(store, acknowledged);
    await checkBlobs(store, acknowledged);
    everKept += acknowledged.kept.size;
    for (const owner of store.blobs.owners()) await store.blobs.release(owner);
    acknowledged.kept.clear();
    await store.close();
  }
  expect(acknowledged.events.get("job0")).toBeGreaterThan(20);
  expect(acknowledged.blobs.size).toBeGreaterThan(20);
  expect(everKept).toBeGreaterThan(0);
});
