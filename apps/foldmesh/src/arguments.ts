// Parsers of option values; a bad one is refused by commander with exit code 2.
import { InvalidArgumentError } from "commander";

const FIELD_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

/** A count from 1 on. */
export const positiveInteger =
  (max: number = 2 ** 32 - 1) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };

/** State elements, "12,0xff": decimal or hexadecimal, separated by commas, each below BN254's order. */
export function stateElements(text: string): bigint[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > 4) throw new InvalidArgumentError("A state has at most 4 elements.");
  return parts.map(stateElement);
}

function stateElement(text: string): bigint {
  if (!/^(\d{1,80}|0x[0-9a-fA-F]{1,64})$/.test(text)) {
    throw new InvalidArgumentError(
      `"${text.slice(0, 80)}" is no element: write decimal or 0x numbers separated by commas, such as 1,0x2f.`,
    );
  }
  const value = BigInt(text);
  if (value < FIELD_ORDER) return value;
  throw new InvalidArgumentError("An element must be below the order of BN254's scalar field.");
}

/** For options that may be given more than once. */
export const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];
