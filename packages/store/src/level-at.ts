import { Level as DiskLevel } from "level";
import type { Level } from "./state/database.ts";

/** A database on disk, not yet open. Its own type names itself in its hooks, so to the compiler it is no AbstractLevel. */
export const levelAt = (location: string): Level => new DiskLevel(location) as unknown as Level;
