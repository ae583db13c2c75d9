import { StoreError } from "../errors.ts";

/**
 * How an id becomes a key: order-preserving text whose parts are separated by NUL, so that all keys under some first parts lie together.
 * `P` is what may stand for the first parts; undefined where an id has only one.
 */
export interface KeyCodec<Id, P = undefined> {
  readonly encode: (id: Id) => string;
  readonly decode: (key: string) => Id;
  /** The start that all keys under these parts share; "" for all keys. */
  readonly prefix: (part: P) => string;
}

export interface KeyPart<T> {
  readonly encode: (value: T) => string;
  readonly decode: (text: string) => T;
}

const SEPARATOR = "\0";
const DIGITS = 16; // of 2^53

/** Any well-formed, non-empty text without NUL. */
export const text: KeyPart<string> = {
  encode(value) {
    if (value !== "" && !value.includes(SEPARATOR) && value.isWellFormed()) return value;
    throw badKey("well-formed text without NUL", value);
  },
  decode: (value) => value,
};

/** An integer in [0, 2^53), in rising order. */
export const natural: KeyPart<number> = {
  encode(value) {
    if (Number.isSafeInteger(value) && value >= 0) return String(value).padStart(DIGITS, "0");
    throw badKey("an integer in [0, 2^53)", value);
  },
  decode(digits) {
    if (digits.length === DIGITS && /^\d+$/.test(digits)) return Number(digits);
    throw badKey(`${DIGITS} digits`, digits);
  },
};

const badKey = (expected: string, got: unknown): StoreError =>
  new StoreError("BAD_KEY", `key: expected ${expected}, got ${JSON.stringify(got)}`);

/** Ids that are one text: a peer, a CID. */
export const textKey: KeyCodec<string> = { ...text, prefix: () => "" };

/**
 * Ids with several fields; their order here is the order of the keys.
 *
 *     const leaseKey = recordKey<LeaseId>({ job: text, task: text, epoch: natural });
 *     leases.entries({ job }) // all leases of the job, by task and epoch
 */
export function recordKey<Id extends object>(parts: {
  readonly [K in keyof Id]-?: KeyPart<Id[K]>;
}): KeyCodec<Id, Partial<Id>> {
  const fields = Object.entries(parts) as [keyof Id & string, KeyPart<unknown>][];
  const write = (id: Partial<Id>, count: number): string[] =>
    fields.slice(0, count).map(([name, part]) => part.encode(id[name]));
  return {
    encode: (id) => write(id, fields.length).join(SEPARATOR),
    decode(key) {
      const texts = key.split(SEPARATOR);
      if (texts.length !== fields.length) throw badKey(`${fields.length} parts`, key);
      const pairs = fields.map(([name, part], i) => [name, part.decode(texts[i] as string)]);
      return Object.fromEntries(pairs) as Id;
    },
    prefix(part) {
      const count = Math.max(
        0,
        fields.findIndex(([name]) => part[name] === undefined),
      );
      if (Object.keys(part).length > count) throw badKey("some of the first fields", part);
      return write(part, count)
        .map((each) => each + SEPARATOR)
        .join("");
    },
  };
}
