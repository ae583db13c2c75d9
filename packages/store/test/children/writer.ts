// Writes events, records and blobs (from number argv[3] on) into the store in argv[2] until it is killed; says on standard output what was acknowledged.
import { writeSync } from "node:fs";
import { openStore } from "../../src/index.ts";
import { blobOf, note, SCHEMA } from "../schema.ts";

const say = (line: string): void => void writeSync(1, `${line}\n`); // at once: a buffer would die with the process

const options = { schema: SCHEMA, maxBlobBytes: 400_000, sync: false };
const store = await openStore(process.argv[2] as string, options);
say("open");

async function writeEvents(job: string): Promise<void> {
  for (let i = await store.rooms.events.length(job); ; i++) {
    const id = { job, task: "t", epoch: i };
    const change = store.rooms.notes.putting(id, note(i, job));
    await store.commit([store.rooms.events.appending(job, [note(i, job)], i), change]);
    say(`event ${job} ${i}`);
  }
}

/** Every fourth blob is pinned until the next one is. */
async function writeBlobs(owner: string, first: number): Promise<void> {
  let pinned: string | undefined;
  for (let i = first; ; i += 2) {
    const cid = await store.blobs.add(blobOf(i, 1000 + (i % 7) * 5000));
    say(`blob ${cid} ${i}`);
    if (i % 8 !== first % 8) continue;
    await store.blobs.pin(owner, [cid]);
    if ((await store.blobs.size(cid)) !== undefined) say(`keep ${cid}`);
    if (pinned !== undefined) {
      say(`drop ${pinned}`);
      await store.blobs.unpin(owner, [pinned]);
    }
    pinned = cid;
  }
}

const first = Number(process.argv[3]);
await Promise.all([
  writeEvents("job0"),
  writeEvents("job1"),
  writeBlobs("even", first),
  writeBlobs("odd", first + 1),
]);
