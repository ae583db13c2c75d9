// Parsers of option values; a bad one is refused by commander with exit code 2.
import { InvalidArgumentError } from "commander";
import { type DaemonRole, ROLES } from "./daemon/settings.ts";

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
  return parts.map(fieldElement);
}

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be a SHA-256: 64 hexadecimal digits.");
}

export function fieldElement(text: string): bigint {
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
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

/** Micro-units, up to a thousand billion units. */
export function money(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("It must be a whole number of micro-units.");
}

/** "prover,broker" */
export function roles(text: string): DaemonRole[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(ROLES as readonly string[]).includes(name));
  if (unknown === undefined) return names as DaemonRole[];
  throw new InvalidArgumentError(`"${unknown}" is no role: choose from ${ROLES.join(", ")}.`);
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** "90s", "10m", "2h" in ms, from a second to thirty days. */
export function timeSpan(text: string): number {
  const [, figures, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(figures) * (UNITS[unit ?? ""] ?? NaN);
  if (ms >= 1000 && ms <= 30 * 86_400_000) return ms;
  throw new InvalidArgumentError("It must be a time from 1s to 30d, such as 90s, 10m or 2h.");
}

/** What a user calls a request. */
export function requestName(text: string): string {
  if (/^[\w.:-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError("It must have 1 to 128 letters, digits, or characters of _ . : -");
}
