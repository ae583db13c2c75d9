// Opens the store in argv[2], says so, and holds it until it is killed.
import { openStore } from "../../src/index.ts";
import { SCHEMA } from "../schema.ts";

await openStore(process.argv[2] as string, { schema: SCHEMA, maxBlobBytes: 1e6, sync: false });
process.send?.("open");
setInterval(() => undefined, 1e6);
