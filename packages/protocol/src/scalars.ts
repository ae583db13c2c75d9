import { base58btc } from "multiformats/bases/base58";
import { CID } from "multiformats/cid";
import type { Codec } from "./schema.ts";
import { bigUint, integer, outOfRange, refine, struct, text, wrongType } from "./schema.ts";

/** A peer's name: the base58 text of its Ed25519 identity multihash, "12D3Koo…"; 38 bytes on the wire. */
export type PeerId = string;
/** The base32 text of a CIDv1 over SHA-256, codec raw or dag-cbor; a DAG-CBOR link on the wire. */
export type CIDText = string;
/** 32 bytes: 64 lower-case hexadecimal digits here, raw bytes on the wire. */
export type Hex32 = string;
/** Micro-units. */
export type Money = bigint;
/** Milliseconds since 1970, UTC. */
export type Time = number;
/** A share in parts per million, 0 to 1 000 000. */
export type PPM = number;
/** Half-open: start, start + 1, …, end − 1. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export const PPM_ONE = 1_000_000;
export const MAX_MONEY: bigint = (1n << 62n) - 1n;
const MAX_TIME = 8_640_000_000_000_000;
const MAX_INDEX = 2 ** 40;
const RAW = 0x55;
const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;

/** identity multihash of the 36-byte protobuf of an Ed25519 public key */
const PEER_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const PEER_BYTES = PEER_PREFIX.length + 32;

/** The raw 32-byte Ed25519 public key inside a peer's 38 bytes. */
export function publicKeyOf(peer: PeerId): Uint8Array {
  return peerToBytes(peer).subarray(PEER_PREFIX.length);
}

export function peerToBytes(peer: PeerId): Uint8Array {
  try {
    return base58btc.baseDecode(peer);
  } catch (cause) {
    throw wrongType("peer", `base58 text (${String(cause)})`, peer);
  }
}

/** The name of the peer that holds an Ed25519 key of 32 raw bytes. */
export function peerFromPublicKey(raw: Uint8Array): PeerId {
  const bytes = new Uint8Array(PEER_BYTES);
  bytes.set(PEER_PREFIX);
  bytes.set(raw, PEER_PREFIX.length);
  return base58btc.baseEncode(bytes);
}

export const peer: Codec<PeerId> = {
  encode: peerToBytes,
  decode(data, path) {
    if (!(data instanceof Uint8Array)) throw wrongType(path, "a peer id (bytes)", data);
    if (data.length !== PEER_BYTES || PEER_PREFIX.some((byte, i) => byte !== data[i])) {
      throw outOfRange(path, "an Ed25519 peer id", data);
    }
    return base58btc.baseEncode(data);
  },
};

export const cid: Codec<CIDText> = {
  encode: (value) => CID.parse(value),
  decode(data, path) {
    const link = CID.asCID(data);
    if (link === null) throw wrongType(path, "a link", data);
    if (!isOurs(link))
      throw outOfRange(path, "a CIDv1 over SHA-256, raw or dag-cbor", link.toString());
    return link.toString();
  },
};

function isOurs(link: CID): boolean {
  const codecOK = link.code === RAW || link.code === DAG_CBOR;
  return (
    link.version === 1 && codecOK && link.multihash.code === SHA2_256 && link.multihash.size === 32
  );
}

export const hex32: Codec<Hex32> = {
  encode: hexToBytes,
  decode(data, path) {
    if (!(data instanceof Uint8Array)) throw wrongType(path, "32 bytes", data);
    if (data.length !== 32) throw outOfRange(path, "32 bytes", data);
    return bytesToHex(data);
  },
};

export function bytesToHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Inverse of `bytesToHex`. @throws ProtocolError WRONG_TYPE on anything but pairs of lower-case digits */
export function hexToBytes(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(hex))
    throw wrongType("hex", "pairs of lower-case hexadecimal digits", hex);
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

export const money: Codec<Money> = bigUint(MAX_MONEY);
export const time: Codec<Time> = integer(0, MAX_TIME);
/** A length of time in ms, up to a year. */
export const duration: Codec<number> = integer(0, 366 * 86_400_000);
export const ppm: Codec<PPM> = integer(0, PPM_ONE);
export const count: Codec<number> = integer(0, Number.MAX_SAFE_INTEGER);
export const index: Codec<number> = integer(0, MAX_INDEX);
/** Lease epochs and broker terms: they only rise. */
export const epoch: Codec<number> = integer(0, MAX_INDEX);

export const range: Codec<Range> = refine(
  struct<Range>({ start: index, end: index }),
  ({ start, end }) => (start < end ? undefined : "start before end"),
);

/** A task's name within its job: "prove:3", "merge:1.0", "compress", "verify". */
export const taskId: Codec<string> = text(32, /^[a-z]+(:\d{1,10}(\.\d{1,10})?)?$/);
