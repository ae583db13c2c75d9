// Measurements as files.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Records } from "./records.ts";

/** One small file for each record. */
export function fileRecords(directory: string): Records {
  const path = (name: string): string =>
    join(directory, `${name.replaceAll(/[^\w.-]+/g, "_")}.json`);
  return {
    read: (name) => readFile(path(name), "utf8").catch(() => null),
    async write(name, text) {
      try {
        await mkdir(directory, { recursive: true });
        const temporary = `${path(name)}.${process.pid}.${performance.now()}`;
        await writeFile(temporary, text);
        await rename(temporary, path(name));
      } catch {
        // measured again next time
      }
    },
  };
}
