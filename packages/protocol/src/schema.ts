import { ProtocolError } from "./errors.ts";

/**
 * Both directions between a value as the program uses it and as IPLD data. Decoders are total: any data gives either a value or a
 * ProtocolError that names the path. `decode(encode(x))` gives `x` back, and two different values never encode alike.
 */
export interface Codec<T> {
  readonly encode: (value: T) => unknown;
  readonly decode: (data: unknown, path: string) => T;
}

export function describe(data: unknown): string {
  if (data === null) return "null";
  if (Array.isArray(data)) return `a list of ${data.length}`;
  if (data instanceof Uint8Array) return `${data.length} bytes`;
  if (typeof data === "string")
    return JSON.stringify(data.length > 40 ? `${data.slice(0, 40)}…` : data);
  return typeof data === "object" ? "a map" : String(data as number | bigint | boolean | undefined);
}

export function wrongType(path: string, expected: string, data: unknown): ProtocolError {
  return new ProtocolError("WRONG_TYPE", `${path}: expected ${expected}, got ${describe(data)}`);
}

export function outOfRange(path: string, expected: string, data: unknown): ProtocolError {
  return new ProtocolError("OUT_OF_RANGE", `${path}: expected ${expected}, got ${describe(data)}`);
}

/** A codec whose data is the value itself. */
export function same<T>(decode: (data: unknown, path: string) => T): Codec<T> {
  return { encode: (value) => value, decode };
}

/** Narrows a codec: `complaint` returns what was expected, or undefined when the value is fine. */
export function refine<T>(codec: Codec<T>, complaint: (value: T) => string | undefined): Codec<T> {
  return {
    encode: codec.encode,
    decode(data, path) {
      const value = codec.decode(data, path);
      const expected = complaint(value);
      if (expected !== undefined) throw outOfRange(path, expected, data);
      return value;
    },
  };
}

/** An integer in [min, max], within ±2^53. */
export function integer(min: number, max: number): Codec<number> {
  return same((data, path) => {
    if (typeof data === "bigint") throw outOfRange(path, `an integer in [${min}, ${max}]`, data);
    if (typeof data !== "number" || !Number.isSafeInteger(data))
      throw wrongType(path, "an integer", data);
    if (data < min || data > max) throw outOfRange(path, `an integer in [${min}, ${max}]`, data);
    return data;
  });
}

/** A bigint in [0, max]; max < 2^64, the widest integer DAG-CBOR carries. */
export function bigUint(max: bigint): Codec<bigint> {
  return same((data, path) => {
    const value = typeof data === "number" && Number.isSafeInteger(data) ? BigInt(data) : data;
    if (typeof value !== "bigint") throw wrongType(path, "an integer", data);
    if (value < 0n || value > max) throw outOfRange(path, `an integer in [0, ${max}]`, data);
    return value;
  });
}

/** UTF-8 text of at most `max` UTF-16 units, matching `pattern`. */
export function text(max: number, pattern?: RegExp): Codec<string> {
  return same((data, path) => {
    if (typeof data !== "string") throw wrongType(path, "text", data);
    if (data.length > max) throw outOfRange(path, `text of at most ${max} characters`, data);
    if (!data.isWellFormed()) throw outOfRange(path, "well-formed text", data);
    if (pattern && !pattern.test(data)) throw outOfRange(path, `text like ${pattern}`, data);
    return data;
  });
}

/** Raw bytes, `min` to `max` of them. */
export function bytes(min: number, max: number): Codec<Uint8Array> {
  return same((data, path) => {
    if (!(data instanceof Uint8Array)) throw wrongType(path, "bytes", data);
    if (data.length < min || data.length > max)
      throw outOfRange(path, `${min} to ${max} bytes`, data);
    return data;
  });
}

/** true or false */
export const truth: Codec<boolean> = same((data, path) => {
  if (typeof data !== "boolean") throw wrongType(path, "true or false", data);
  return data;
});

/** One of a fixed set of words. */
export function word<const W extends string>(...words: readonly W[]): Codec<W> {
  return same((data, path) => {
    if (typeof data !== "string") throw wrongType(path, "text", data);
    const found = words.find((each) => each === data);
    if (found === undefined) throw outOfRange(path, `one of ${words.join(", ")}`, data);
    return found;
  });
}

/** A list of `min` to `max` items. */
export function list<T>(item: Codec<T>, min: number, max: number): Codec<readonly T[]> {
  return {
    encode: (values) => values.map(item.encode),
    decode(data, path) {
      if (!Array.isArray(data)) throw wrongType(path, "a list", data);
      if (data.length < min || data.length > max)
        throw outOfRange(path, `${min} to ${max} items`, data);
      return data.map((each, i) => item.decode(each, `${path}[${i}]`));
    },
  };
}

/** A list in strictly rising order of `key`: the canonical form of a set. */
export function sorted<T>(
  item: Codec<T>,
  min: number,
  max: number,
  key: (value: T) => string | number,
): Codec<readonly T[]> {
  return refine(list(item, min, max), (values) =>
    values.every((value, i) => i === 0 || key(values[i - 1] as T) < key(value))
      ? undefined
      : "items in strictly rising order",
  );
}

type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];
/** One codec for each field of a struct. */
export type Fields<T> = { readonly [K in keyof T]-?: Codec<Exclude<T[K], undefined>> };

/** A map with exactly these fields; those named in `optional` may be absent. */
export function struct<T extends object>(
  fields: Fields<T>,
  optional: readonly OptionalKeys<T>[] = [],
): Codec<T> {
  const entries = Object.entries(fields) as [string, Codec<unknown>][];
  const absentOK = new Set<string>(optional as readonly string[]);
  return {
    encode: (value) => encodeFields(entries, value as Record<string, unknown>),
    decode: (data, path) => decodeFields(entries, absentOK, data, path) as T,
  };
}

function encodeFields(
  entries: [string, Codec<unknown>][],
  value: Record<string, unknown>,
): unknown {
  const out: Record<string, unknown> = {};
  for (const [name, codec] of entries) {
    if (value[name] !== undefined) out[name] = codec.encode(value[name]);
  }
  return out;
}

/** The data of a plain map, or a WRONG_TYPE error. */
function asMap(data: unknown, path: string): Readonly<Record<string, unknown>> {
  const plain =
    typeof data === "object" && data !== null && Object.getPrototypeOf(data) === Object.prototype;
  if (!plain) throw wrongType(path, "a map", data);
  return data as Readonly<Record<string, unknown>>;
}

function decodeFields(
  entries: [string, Codec<unknown>][],
  absentOK: ReadonlySet<string>,
  data: unknown,
  path: string,
): Record<string, unknown> {
  const map = asMap(data, path);
  const out: Record<string, unknown> = {};
  for (const [name, codec] of entries) {
    if (Object.hasOwn(map, name)) out[name] = codec.decode(map[name], `${path}.${name}`);
    else if (!absentOK.has(name))
      throw new ProtocolError("MISSING_FIELD", `${path}: no field "${name}"`);
  }
  for (const name of Object.keys(map)) {
    if (!Object.hasOwn(out, name)) {
      throw new ProtocolError("UNKNOWN_FIELD", `${path}: unexpected field ${describe(name)}`);
    }
  }
  return out;
}

type Cases<T extends { kind: string }> = {
  readonly [K in T["kind"]]: Codec<Extract<T, { kind: K }>>;
};

/** A tagged union: a map whose `kind` chooses the codec of the whole map. */
export function union<T extends { kind: string }>(cases: Cases<T>): Codec<T> {
  const table = cases as unknown as Readonly<Record<string, Codec<T>>>;
  const kind = word(...Object.keys(table));
  return {
    encode: (value) => (table[value.kind] as Codec<T>).encode(value),
    decode(data, path) {
      const chosen = kind.decode(asMap(data, path)["kind"], `${path}.kind`);
      return (table[chosen] as Codec<T>).decode(data, path);
    },
  };
}
