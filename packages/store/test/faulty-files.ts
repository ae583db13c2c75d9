import * as nodeFiles from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Files } from "../src/blobs/file-shelf.ts";

/** What the next operation on files does; it is asked before each one. */
export type Fate = "works" | "fails" | "tears";

const noSpace = (): Error =>
  Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

/** The file system, but each operation first asks its fate. A torn write leaves half of its bytes. */
export function faultyFiles(fate: (operation: string) => Fate): Files {
  const run = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    if (fate(operation) !== "works") throw noSpace();
    return work();
  };
  const wrap = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          const outcome = fate(String(name));
          if (name === "writeFile" && outcome === "tears") {
            const bytes = args[0] as Uint8Array;
            await target.writeFile(bytes.subarray(0, bytes.length >> 1));
          }
          if (name === "close") await target.close(); // the operating system always closes
          if (outcome !== "works") throw noSpace();
          return name === "close" ? undefined : Reflect.apply(value, target, args);
        };
      },
    });
  return {
    lstat: ((path) => run("lstat", () => nodeFiles.lstat(path))) as Files["lstat"],
    mkdir: ((path, options) =>
      run("mkdir", () => nodeFiles.mkdir(path, options))) as Files["mkdir"],
    open: (path, flags, mode) =>
      run("open", async () => wrap(await nodeFiles.open(path, flags, mode))),
    readdir: ((path) =>
      run("readdir", () => nodeFiles.readdir(path as string))) as Files["readdir"],
    rename: (from, to) => run("rename", () => nodeFiles.rename(from, to)),
    rm: (path, options) => run("rm", () => nodeFiles.rm(path, options)),
  };
}
