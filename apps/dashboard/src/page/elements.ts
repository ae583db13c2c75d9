import { parseJobInput } from "@foldmesh/r1cs";

/** "1, 0x2f": elements of a state. @throws R1CSError INPUT */
export const stateOf = (text: string): readonly bigint[] =>
  parseJobInput({ z0: text.split(",").map((part) => part.trim()), count: 1 }).z0;

/** Nothing for an empty field. */
export const optionalState = (text: string): readonly bigint[] | undefined =>
  text.trim() === "" ? undefined : stateOf(text);

/** A whole number of a field. */
export function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && Number.isSafeInteger(value)) return value;
  throw new Error(`${what} must be a whole number`);
}
