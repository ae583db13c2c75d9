// What a request is found again by when its dApp starts again: who has its job, where, what it may cost, and until when.
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeUserFile } from "../io/files.ts";

/** With the same price and deadline the request is the same message, and names the same job. */
export interface Terms {
  /** micro-units */
  readonly maxPrice: bigint;
  /** ms since 1970 */
  readonly deadline: number;
  /** whom it was sent to first, and who may have taken it */
  readonly broker: string;
}

export interface RequestMemory {
  /** of its broker, and of those who go on when that one is gone; multiaddrs */
  readonly places: readonly string[];
  /** undefined when it was not asked for before, or the file of that is damaged */
  readonly terms: Terms | undefined;
  /** Before it is sent. @throws CLIError FILE */
  readonly rememberTerms: (terms: Terms) => Promise<void>;
  /** Those known before are tried after these. @throws CLIError FILE */
  readonly rememberPlaces: (places: readonly string[]) => Promise<void>;
  readonly forget: () => Promise<void>;
}

interface Remembered {
  readonly places: readonly string[];
  readonly terms: Terms | undefined;
}

/** @param id of the request, hex */
export async function openMemory(directory: string, id: string): Promise<RequestMemory> {
  const file = join(directory, `${id}.json`);
  let current = parse(await readFile(file, "utf8").catch(() => ""));
  const write = async (more: Partial<Remembered>): Promise<void> => {
    current = { ...current, ...more };
    await mkdir(directory, { recursive: true });
    await writeUserFile(file, new TextEncoder().encode(format(current)));
  };
  return {
    get places() {
      return current.places;
    },
    get terms() {
      return current.terms;
    },
    rememberTerms: (terms) => write({ terms }),
    rememberPlaces: (places) =>
      write({ places: [...new Set([...places, ...current.places])].slice(0, MOST_PLACES) }),
    async forget() {
      current = NOTHING;
      await rm(file, { force: true });
    },
  };
}

const MOST_PLACES = 8;
const NOTHING: Remembered = { places: [], terms: undefined };

const format = ({ places, terms }: Remembered): string =>
  JSON.stringify({ places, ...(terms && { ...terms, maxPrice: String(terms.maxPrice) }) });

function parse(text: string): Remembered {
  try {
    const { places, maxPrice, deadline, broker } = JSON.parse(text) as Record<string, unknown>;
    const isPrice = typeof maxPrice === "string" && /^[1-9]\d{0,30}$/.test(maxPrice);
    const isTime = typeof deadline === "number" && Number.isSafeInteger(deadline);
    const isWhole = isPrice && isTime && typeof broker === "string";
    const terms = isWhole ? { maxPrice: BigInt(maxPrice), deadline, broker } : undefined;
    const list = Array.isArray(places) ? places : [];
    return { places: list.filter((each) => typeof each === "string"), terms };
  } catch {
    return NOTHING;
  }
}
