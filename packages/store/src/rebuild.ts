// A process of its own: LevelDB ends the one in which it rebuilds a database with a table whose keys are out of order.

import { Level } from "level";

/** `level` hides it in its types: classic-level, which it is in Node, can rebuild a database from its readable tables. */
const { repair } = Level as unknown as { repair: (location: string) => Promise<void> };

const [location] = process.argv.slice(2);
if (location === undefined) throw new Error("usage: rebuild.ts LOCATION");
await repair(location);
