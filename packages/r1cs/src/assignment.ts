import { ELEMENT_BYTES, Fp, readElement, viewOf } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";

/** Offset of an element's most significant 32-bit word. */
const TOP_WORD = 28;
const P_TOP = Number(Fp.modulus >> 224n);

/**
 * Checks that bytes are a full assignment z: `columns` canonical elements, the first of them 1.
 * @throws R1CSError WITNESS
 */
export function checkAssignment(bytes: Uint8Array, columns: number): void {
  if (bytes.length !== columns * ELEMENT_BYTES) {
    throw new R1CSError(
      "WITNESS",
      `the witness has ${bytes.length} bytes, ${columns} wires need ${columns * ELEMENT_BYTES}`,
    );
  }
  const view = viewOf(bytes);
  for (let wire = 0; wire < columns; wire++) {
    const offset = wire * ELEMENT_BYTES;
    if (view.getUint32(offset + TOP_WORD, true) < P_TOP) continue;
    if (readElement(view, offset) >= Fp.modulus) {
      throw new R1CSError("WITNESS", `wire ${wire} of the witness is not below the prime`);
    }
  }
  if (columns === 0 || readElement(view, 0) !== 1n) {
    throw new R1CSError("WITNESS", "wire 0 of the witness must be 1");
  }
}
