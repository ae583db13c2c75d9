import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asStoreError, codeOf, StoreError } from "./errors.ts";

/*
 * DIR/                 0700
 *   foldmesh.store     says that this is one, and of which layout
 *   owner              the process that opened it last; only for messages, the lock is LevelDB's own
 *   state/             LevelDB
 *   state.salvaged/    while it is being made; complete once state/ is gone
 *   state.damaged/     what the last salvage was made from, or what could not be salvaged
 *   blobs/             see blobs/file-shelf.ts
 */
export interface Directory {
  readonly state: string;
  readonly salvaged: string;
  readonly damaged: string;
  readonly blobs: string;
  readonly owner: string;
}

const MARKER = "foldmesh.store";
/** Of files and frames; what is inside the frames has the schema's version. */
const LAYOUT = "foldmesh store, layout 1\n";
const NAMES: ReadonlySet<string> = new Set(
  Object.values(layoutOf("")).map((path) => basename(path)),
);
const PRIVATE_DIR = 0o700;
const PRIVATE_FILE = 0o600;

/**
 * Makes `dir` a store's directory unless it is one.
 * @throws StoreError NOT_A_STORE for a directory with other things in it, IO
 */
export async function prepareDirectory(dir: string): Promise<Directory> {
  try {
    await mkdir(dir, { recursive: true, mode: PRIVATE_DIR });
    await mark(dir);
    await chmod(dir, PRIVATE_DIR);
    const directory = layoutOf(dir);
    await finishSalvage(directory);
    await mkdir(directory.state, { recursive: true, mode: PRIVATE_DIR });
    await mkdir(directory.blobs, { recursive: true, mode: PRIVATE_DIR });
    return directory;
  } catch (thrown) {
    throw asStoreError(thrown, `preparing the data directory ${dir}`);
  }
}

function layoutOf(dir: string): Directory {
  return {
    state: join(dir, "state"),
    salvaged: join(dir, "state.salvaged"),
    damaged: join(dir, "state.damaged"),
    blobs: join(dir, "blobs"),
    owner: join(dir, "owner"),
  };
}

/** A salvage that was cut short between its two renamings. */
async function finishSalvage({ state, salvaged, damaged }: Directory): Promise<void> {
  const names = new Set(await readdir(dirname(state)));
  const isBetween = [salvaged, damaged].every((path) => names.has(basename(path)));
  if (isBetween && !names.has(basename(state))) await rename(salvaged, state);
}

async function mark(dir: string): Promise<void> {
  const marker = join(dir, MARKER);
  const layout = await readFile(marker, "utf8").catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  });
  if (layout === LAYOUT) return;
  const others = (await readdir(dir)).filter((name) => !name.startsWith(MARKER));
  const isOurs = others.includes("state") && others.every((name) => NAMES.has(name));
  const isOther = layout !== undefined && /^foldmesh store, layout \d+\n$/.test(layout);
  if (isOther || (!isOurs && (others.length > 0 || layout !== undefined))) {
    const found = layout === undefined ? `${others.length} other things` : JSON.stringify(layout);
    throw new StoreError(
      "NOT_A_STORE",
      `${dir}: expected an empty directory or a store of this layout, found ${found}`,
    );
  }
  await writePrivateFile(marker, new TextEncoder().encode(LAYOUT));
}

/** Says who has it open, for the message that another process gets. */
export async function nameOwner({ owner }: Directory): Promise<void> {
  await writeFile(owner, `${process.pid}\n`, { mode: PRIVATE_FILE });
}

export async function ownerOf({ owner }: Directory): Promise<string> {
  const pid = await readFile(owner, "utf8").catch(() => "");
  return pid === "" ? "another process" : `process ${pid.trim()}`;
}

/**
 * Writes a file of mode 0600 so that after a crash it is the old one or the new one.
 * @throws StoreError STORE_FULL, IO
 */
export async function writePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const handle = await open(temporary, "w", PRIVATE_FILE);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asStoreError(thrown, `writing ${path}`);
  }
}

/** Makes new and removed names in a directory survive the loss of power. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
