import { onTestFinished } from "vitest";
import { openMemoryStore, openStore } from "../src/index.ts";
import { blobCompliance } from "./compliance-blobs.ts";
import { stateCompliance } from "./compliance-state.ts";
import type { TestStore } from "./schema.ts";
import { SCHEMA } from "./schema.ts";
import { temporaryDirectory } from "./support.ts";

const PLENTY = 1_000_000;

async function closing(store: TestStore): Promise<TestStore> {
  onTestFinished(() => store.close());
  return store;
}

const inMemory = async (quota: number): Promise<TestStore> =>
  closing(await openMemoryStore({ schema: SCHEMA, maxBlobBytes: quota }));

const onDisk = async (quota: number): Promise<TestStore> =>
  closing(
    await openStore(await temporaryDirectory(), {
      schema: SCHEMA,
      maxBlobBytes: quota,
      sync: false,
    }),
  );

stateCompliance("memory", () => inMemory(PLENTY));
stateCompliance("disk", () => onDisk(PLENTY));
blobCompliance("memory", inMemory);
blobCompliance("disk", onDisk);
