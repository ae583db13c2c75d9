import { ELEMENT_BYTES, readElement, viewOf, writeElement } from "./bytes.ts";
import type { Curve, Point } from "./curve.ts";
import { AlgebraError } from "./errors.ts";

/** Bytes of one encoded point: x ‖ y, 32 little-endian bytes each. The identity has no encoding. */
export const POINT_BYTES: number = 2 * ELEMENT_BYTES;

export function pointsToBytes(points: readonly Point[]): Uint8Array {
  const bytes = new Uint8Array(points.length * POINT_BYTES);
  const view = viewOf(bytes);
  points.forEach(([x, y], i) => {
    writeElement(view, i * POINT_BYTES, x);
    writeElement(view, i * POINT_BYTES + ELEMENT_BYTES, y);
  });
  return bytes;
}

/** @throws AlgebraError BAD_LENGTH, NOT_ON_CURVE (also for non-canonical coordinates) */
export function pointsFromBytes(curve: Curve, bytes: Uint8Array): Point[] {
  if (bytes.length % POINT_BYTES !== 0) {
    throw new AlgebraError(
      "BAD_LENGTH",
      `expected a multiple of ${POINT_BYTES} bytes, got ${bytes.length}`,
    );
  }
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / POINT_BYTES }, (_, i) => {
    const at = i * POINT_BYTES;
    const point: Point = [readElement(view, at), readElement(view, at + ELEMENT_BYTES)];
    if (!curve.isOnCurve(point)) {
      throw new AlgebraError(
        "NOT_ON_CURVE",
        `point ${i} is not a canonical point of ${curve.name}`,
      );
    }
    return point;
  });
}
