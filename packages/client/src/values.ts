// Field elements and the inputs of steps as they travel.

import { ELEMENT_BYTES, Fp, elementsFromBytes, elementsToBytes } from "@foldmesh/algebra";
import {
  type Codec,
  type Hex32,
  ProtocolError,
  bytesToHex,
  hexToBytes,
  list,
  struct,
} from "@foldmesh/protocol";
import type { StepInputs, Value } from "@foldmesh/r1cs";

/** An element of F_p as a message carries it: 32 bytes, little endian. */
export const elementToHex = (x: bigint): Hex32 => bytesToHex(elementsToBytes([x]));

/** @throws ProtocolError OUT_OF_RANGE when it is not below the modulus */
export function elementFromHex(hex: Hex32): bigint {
  try {
    return elementsFromBytes(hexToBytes(hex), Fp.modulus)[0]!;
  } catch (cause) {
    throw new ProtocolError("OUT_OF_RANGE", `${hex} is no element: not below the modulus`, {
      cause,
    });
  }
}

/** An element in a blob: little endian without trailing zeros, so that bits and bytes take one or two bytes. */
export const element: Codec<bigint> = {
  encode(x) {
    const bytes = elementsToBytes([x]);
    return bytes.slice(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  },
  decode(data, path) {
    if (!(data instanceof Uint8Array) || data.length > ELEMENT_BYTES || data.at(-1) === 0) {
      throw new ProtocolError("WRONG_TYPE", `${path}: expected an element in its shortest bytes`);
    }
    const padded = new Uint8Array(ELEMENT_BYTES);
    padded.set(data);
    return elementFromHex(bytesToHex(padded));
  },
};

const MAX_DEPTH = 16;
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,255}$/;

const encodeValue = (value: Value): unknown => {
  if (typeof value === "bigint") return element.encode(value);
  if (Array.isArray(value)) return (value as readonly Value[]).map(encodeValue);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, encodeValue(each)]));
};

function decodeValue(data: unknown, path: string, depth: number): Value {
  if (depth > MAX_DEPTH) {
    throw new ProtocolError("OUT_OF_RANGE", `${path}: nested deeper than ${MAX_DEPTH} levels`);
  }
  if (data instanceof Uint8Array) return element.decode(data, path);
  if (Array.isArray(data)) {
    return data.map((each, i) => decodeValue(each, `${path}[${i}]`, depth + 1));
  }
  return decodeFields(data, path, depth);
}

function decodeFields(data: unknown, path: string, depth: number): StepInputs {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new ProtocolError("WRONG_TYPE", `${path}: expected an element, a list or a map`);
  }
  const fields = Object.create(null) as Record<string, Value>;
  for (const [name, value] of Object.entries(data)) {
    if (!NAME.test(name)) {
      throw new ProtocolError("OUT_OF_RANGE", `${path}: ${JSON.stringify(name)} names no signal`);
    }
    fields[name] = decodeValue(value, `${path}.${name}`, depth + 1);
  }
  return fields;
}

/** Numbers, names, lists and maps in one blob of inputs: what a node can hold decoded. */
export const MAX_INPUT_ITEMS: number = 2 ** 22;

/** The private inputs of one step. */
export const stepInputsCodec: Codec<StepInputs> = {
  encode: (inputs) => encodeValue(inputs),
  decode: (data, path) => decodeFields(data, path, 0),
};

/** The private inputs of consecutive steps, or none: empty for a step without private inputs. */
export const inputsCodec: Codec<readonly StepInputs[]> = list(stepInputsCodec, 0, 2 ** 32 - 1);

export const inputBlob: Codec<{ readonly steps: readonly StepInputs[] }> = struct({
  steps: inputsCodec,
});
