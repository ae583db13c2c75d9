import { Fp } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import { Reader } from "./reader.ts";

const MAX_SECTIONS = 1024;

/** Sections of one type, in file order. */
export type Sections = ReadonlyMap<number, readonly Uint8Array[]>;

/**
 * Splits iden3's binary container: magic, u32 version, u32 section count, then (u32 type, u64 size,
 * bytes) per section, in any order.
 * @throws R1CSError MALFORMED, UNSUPPORTED (version)
 */
export function readSections(bytes: Uint8Array, magic: string, version: number): Sections {
  const what = `the .${magic} file`;
  const reader = new Reader(bytes, what);
  checkMagic(reader, magic);
  const found = reader.u32();
  if (found !== version) {
    throw new R1CSError("UNSUPPORTED", `${what} has version ${found}; version ${version} is read`);
  }
  const count = reader.u32();
  if (count > MAX_SECTIONS) {
    throw new R1CSError("MALFORMED", `${what} declares ${count} sections, ${MAX_SECTIONS} at most`);
  }
  const sections = new Map<number, Uint8Array[]>();
  for (let k = 0; k < count; k++) {
    const type = reader.u32();
    const body = reader.slice(reader.u64());
    sections.set(type, [...(sections.get(type) ?? []), body]);
  }
  reader.end();
  return sections;
}

function checkMagic(reader: Reader, magic: string): void {
  const shown = reader.remaining < 4 ? "" : String.fromCharCode(...reader.slice(4));
  if (shown === magic) return;
  const printable = /^[\x20-\x7e]{4}$/.test(shown) ? `"${shown}"` : "something else";
  throw new R1CSError(
    "MALFORMED",
    `not a .${magic} file: it must begin with "${magic}", and begins with ${printable}`,
  );
}

/** The one section of a type. @throws R1CSError MALFORMED when it is missing or repeated */
export function onlySection(sections: Sections, type: number, what: string): Uint8Array {
  const found = sections.get(type) ?? [];
  if (found.length === 1) return found[0]!;
  throw new R1CSError("MALFORMED", `expected one ${what} section, found ${found.length}`);
}

/** Reads (u32 element size, prime). @throws R1CSError UNSUPPORTED unless it is circom's bn128 prime */
export function readPrime(reader: Reader): void {
  const size = reader.u32();
  if (size === 32 && reader.integer() === Fp.modulus) return;
  throw new R1CSError(
    "UNSUPPORTED",
    "the file is over another prime field; compile with circom's default, --prime bn128",
  );
}
