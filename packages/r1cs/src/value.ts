import { Fp } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";

/** What an input signal is given: an element of [0, p), an array, or the fields of a bus. */
export type Value = bigint | readonly Value[] | { readonly [field: string]: Value };

/** The private inputs of one step, by signal name. */
export type StepInputs = Readonly<Record<string, Value>>;

const MAX_DEPTH = 16;
const MAX_DIGITS = 80; // p has 77 decimal digits
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** How many values may still be read; shared by all values of one document. */
export interface Budget {
  values: number;
}

/**
 * Reads a value from parsed JSON: decimal or 0x strings, safe integers, nested arrays, objects for buses.
 * @param place where the value stands, for errors: "steps[3].block[2]"
 * @throws R1CSError INPUT, TOO_LARGE
 */
function parseValue(json: unknown, place: string, budget: Budget, depth = 0): Value {
  if (depth > MAX_DEPTH) refuse(place, `is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(json)) {
    return json.map((item, i) => parseValue(item, `${place}[${i}]`, budget, depth + 1));
  }
  if (isRecord(json)) return parseFields(json, place, budget, depth + 1);
  if (--budget.values < 0) throw new R1CSError("TOO_LARGE", `${place}: too many values`);
  return parseElement(json, place);
}

/** Reads an object of named values. @throws R1CSError INPUT, TOO_LARGE */
export function parseFields(
  json: Readonly<Record<string, unknown>>,
  place: string,
  budget: Budget,
  depth = 0,
): StepInputs {
  const fields: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const [name, value] of Object.entries(json)) {
    if (!NAME.test(name)) refuse(place, `has ${quote(name)}, which cannot name a signal`);
    fields[name] = parseValue(value, `${place}.${name}`, budget, depth);
  }
  return fields;
}

/** Reads one element of [0, p). @throws R1CSError INPUT */
export function parseElement(json: unknown, place: string): bigint {
  const value = toInteger(json, place);
  if (value < 0n)
    refuse(
      place,
      `is negative; write p − ${-value}, that is "${Fp.modulus + (value % Fp.modulus)}"`,
    );
  if (value >= Fp.modulus) refuse(place, `is not below the prime p = ${Fp.modulus}`);
  return value;
}

function toInteger(json: unknown, place: string): bigint {
  if (typeof json === "bigint") return json;
  if (typeof json === "number") {
    if (Number.isSafeInteger(json)) return BigInt(json);
    refuse(
      place,
      Number.isInteger(json)
        ? `is a number beyond 2^53, which JSON readers round: quote it, "123…"`
        : `must be an integer, it is ${json}`,
    );
  }
  if (typeof json !== "string") {
    refuse(place, `must be a decimal string, 0x string, integer or array, it is ${kindOf(json)}`);
  }
  if (json.length > MAX_DIGITS) refuse(place, `has ${json.length} digits, no element has so many`);
  if (!/^(-?[0-9]+|0x[0-9a-fA-F]+)$/.test(json)) {
    refuse(place, `must be decimal digits or 0x and hexadecimal digits, it is ${quote(json)}`);
  }
  return BigInt(json);
}

export const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null && !Array.isArray(json);

export const kindOf = (json: unknown): string =>
  json === null
    ? "null"
    : json === undefined
      ? "missing"
      : Array.isArray(json)
        ? "an array"
        : isRecord(json)
          ? "an object"
          : `a ${typeof json}`;

/** Foreign text in a message: short, and with its control characters spelled out. */
export const quote = (text: string): string => JSON.stringify(text.slice(0, MAX_DIGITS));

function refuse(place: string, what: string): never {
  throw new R1CSError("INPUT", `${place} ${what}`);
}
