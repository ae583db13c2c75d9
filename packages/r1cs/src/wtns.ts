import { ELEMENT_BYTES, Fp, concatBytes, viewOf, writeElement } from "@foldmesh/algebra";
import { checkAssignment } from "./assignment.ts";
import { onlySection, readPrime, readSections } from "./container.ts";
import { R1CSError } from "./errors.ts";
import { Reader } from "./reader.ts";

const WTNS_VERSION = 2;
const HEADER = 1;
const VALUES = 2;

/**
 * Reads a .wtns file (snarkjs, version 2) into z: 32-byte little-endian canonical elements.
 * @throws R1CSError MALFORMED, UNSUPPORTED (other prime or version)
 */
export function parseWTNS(bytes: Uint8Array): Uint8Array {
  const sections = readSections(bytes, "wtns", WTNS_VERSION);
  const header = new Reader(onlySection(sections, HEADER, "header"), "the .wtns header");
  readPrime(header);
  const count = header.u32();
  header.end();
  const values = onlySection(sections, VALUES, "values");
  if (values.length !== count * ELEMENT_BYTES) {
    throw new R1CSError(
      "MALFORMED",
      `the .wtns header counts ${count} values, ${values.length} bytes follow`,
    );
  }
  checkAssignment(values, count);
  return values.slice();
}

/** Writes z (32-byte little-endian elements) as a .wtns file, version 2. */
export function encodeWTNS(assignment: Uint8Array): Uint8Array {
  const header = new Uint8Array(8 + ELEMENT_BYTES);
  const view = viewOf(header);
  view.setUint32(0, ELEMENT_BYTES, true);
  writeElement(view, 4, Fp.modulus);
  view.setUint32(4 + ELEMENT_BYTES, assignment.length / ELEMENT_BYTES, true);
  const preamble = new Uint8Array(12);
  preamble.set(new TextEncoder().encode("wtns"));
  viewOf(preamble).setUint32(4, WTNS_VERSION, true);
  viewOf(preamble).setUint32(8, 2, true);
  return concatBytes(
    preamble,
    sectionHead(HEADER, header.length),
    header,
    sectionHead(VALUES, assignment.length),
    assignment,
  );
}

function sectionHead(type: number, size: number): Uint8Array {
  const head = new Uint8Array(12);
  viewOf(head).setUint32(0, type, true);
  viewOf(head).setBigUint64(4, BigInt(size), true);
  return head;
}
