// Writes into the store in argv[2] where files cannot grow past a limit; says what was acknowledged and what was refused, with which code.
import { writeSync } from "node:fs";
import { openStore } from "../../src/index.ts";
import { blobOf, SCHEMA } from "../schema.ts";

const say = (line: string): void => void writeSync(1, `${line}\n`);
const codeOf = (thrown: unknown): string => (thrown as { code: string }).code;

const options = { schema: SCHEMA, maxBlobBytes: 1e9, sync: false };
const store = await openStore(process.argv[2] as string, options);

async function attempt(name: string, work: Promise<unknown>): Promise<void> {
  await work.then(
    () => say(`done ${name}`),
    (thrown: unknown) => say(`failed ${name} ${codeOf(thrown)}`),
  );
}

for (let i = 0; i < 60; i++) {
  await attempt(`record ${i}`, store.rooms.raw.put(`key${i}`, blobOf(i, 10_000)));
  await attempt(`event ${i}`, store.rooms.events.append("job", [{ title: "t", weight: i }]));
}
for (const [i, length] of [100_000, 200_000, 300_000].entries()) {
  await attempt(`blob ${i}`, store.blobs.add(blobOf(i, length)));
}
say(`usage ${store.blobs.usage().bytes}`);
