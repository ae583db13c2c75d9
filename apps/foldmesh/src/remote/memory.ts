// What a request is found again by when its dApp starts again: where its job is, and what it may cost.
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeUserFile } from "../io/files.ts";

export interface Remembered {
  /** of its broker, and of those who go on when that one is gone; multiaddrs */
  readonly places: readonly string[];
  /** micro-units; a later quote may differ */
  readonly maxPrice: bigint | undefined;
}

export interface RequestMemory {
  /** of an earlier run; nothing when there was none, or its file is damaged */
  readonly known: Remembered;
  /** Places are added to those that are known. @throws CLIError FILE */
  readonly remember: (more: Partial<Remembered>) => Promise<void>;
  readonly forget: () => Promise<void>;
}

const NOTHING: Remembered = { places: [], maxPrice: undefined };

/** @param id of the request, hex */
export async function openMemory(directory: string, id: string): Promise<RequestMemory> {
  const file = join(directory, `${id}.json`);
  const known = parse(await readFile(file, "utf8").catch(() => ""));
  let current = known;
  return {
    known,
    async remember({ places = [], maxPrice = current.maxPrice }) {
      current = { places: [...new Set([...current.places, ...places])], maxPrice };
      await mkdir(directory, { recursive: true });
      await writeUserFile(file, new TextEncoder().encode(format(current)));
    },
    forget: () => rm(file, { force: true }),
  };
}

const format = ({ places, maxPrice }: Remembered): string =>
  JSON.stringify({ places, ...(maxPrice !== undefined && { maxPrice: String(maxPrice) }) });

function parse(text: string): Remembered {
  try {
    const { places, maxPrice } = JSON.parse(text) as Record<string, unknown>;
    return {
      places: Array.isArray(places) ? places.filter((each) => typeof each === "string") : [],
      maxPrice: typeof maxPrice === "string" ? BigInt(maxPrice) : undefined,
    };
  } catch {
    return NOTHING;
  }
}
