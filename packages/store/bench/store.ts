// What the store costs on this disk: npx pnpm@12.21.0 exec node packages/store/bench/store.ts
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../src/index.ts";
import { log, opaque, openStore, repository, textKey } from "../src/index.ts";

const rooms = { events: log(opaque), leases: repository(textKey, opaque) };
const schema = { version: 1, rooms, migrations: [] };
type BenchStore = Store<typeof rooms>;

const EVENT = randomBytes(200);
const BLOB_BYTES = 64 * 2 ** 20;

async function timed(
  what: string,
  unit: string,
  count: number,
  work: () => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  await work();
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${what.padEnd(52)} ${(count / seconds).toFixed(0).padStart(8)} ${unit}/s`);
}

/** Each writer waits for its last event before the next; each event comes with a lease. */
async function append(store: BenchStore, writers: number, count: number): Promise<void> {
  const { events, leases } = store.rooms;
  const write = async (name: string): Promise<void> => {
    for (let i = 0; i < count / writers; i++) {
      await store.commit([events.appending(name, [EVENT]), leases.putting(name, EVENT)]);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => write(`job${i}`)));
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const dir = await mkdtemp(join(tmpdir(), "foldmesh-store-bench-"));
try {
  for (const sync of [true, false]) {
    const options = { schema, maxBlobBytes: 4 * BLOB_BYTES, sync };
    const place = join(dir, String(sync));
    const store = await openStore(place, options);
    const how = sync ? "fsync" : "no fsync";
    await timed(`commits, 1 writer, ${how}`, "commits", 500, () => append(store, 1, 500));
    await timed(`commits, 64 writers, ${how}`, "commits", 6400, () => append(store, 64, 6400));
    const blob = randomBytes(BLOB_BYTES);
    let cid = "";
    await timed(`one blob of 64 MiB written, ${how}`, "MiB", 64, async () => {
      cid = await store.blobs.add(blob);
    });
    await timed("the same read for the first time: hashed, then read", "MiB", 64, () =>
      drain(store.blobs.get(cid)),
    );
    await timed("read again from offset 1", "MiB", 64, () => drain(store.blobs.get(cid, 1)));
    await store.close();
  }
  const store = await openStore(join(dir, "true"), { schema, maxBlobBytes: 1e9, sync: false });
  await store.rooms.events.append(
    "long",
    Array.from({ length: 100_000 }, () => EVENT),
  );
  await timed("a log of 100 000 events read", "events", 100_000, () =>
    drain(store.rooms.events.read("long")),
  );
  await store.close();
} finally {
  await rm(dir, { recursive: true, force: true });
}
