import { sha256 } from "@noble/hashes/sha2.js";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { decodeCanonical, encodeCanonical } from "./canonical.ts";
import { ProtocolError } from "./errors.ts";
import type { Contents, Kind } from "./kinds.ts";
import { isKind, KINDS, LARGEST_LIMIT, PROTOCOL_VERSION } from "./kinds.ts";
import { peekKind } from "./peek.ts";
import type { CIDText, PeerId } from "./scalars.ts";
import { peer } from "./scalars.ts";
import type { Codec, Fields } from "./schema.ts";
import { bytes, describe, same, struct, word } from "./schema.ts";

/** Signs for one peer. */
export interface Signer {
  readonly peer: PeerId;
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** Says whether `signature` over `bytes` is `peer`'s; false, never an exception, on anything odd. */
export type Verifier = (
  peer: PeerId,
  bytes: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** A message whose signature has been checked. */
export interface SignedMessage<K extends Kind = Kind> {
  readonly kind: K;
  readonly sender: PeerId;
  readonly content: Contents[K];
  /** CIDv1, dag-cbor, SHA-256 of the payload: the signature is not part of the name */
  readonly id: CIDText;
  /** as it travels: the envelope with payload and signature */
  readonly bytes: Uint8Array;
}

/** A message of any one kind, told apart by `kind`. */
export type AnyMessage = { [K in Kind]: SignedMessage<K> }[Kind];

interface Payload<K extends Kind> {
  readonly version: number;
  readonly kind: K;
  readonly sender: PeerId;
  readonly content: Contents[K];
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const SIGNATURE_BYTES = 64;

const envelope: Codec<Envelope> = struct<Envelope>({
  payload: bytes(1, LARGEST_LIMIT),
  signature: bytes(SIGNATURE_BYTES, SIGNATURE_BYTES),
});

/** Checked first: a newer version may well have other fields, and the version is then the better reason. */
const version: Codec<number> = same((data, path) => {
  if (data === PROTOCOL_VERSION) return PROTOCOL_VERSION;
  throw new ProtocolError(
    "VERSION",
    `${path}: this node speaks protocol version ${PROTOCOL_VERSION}, the message says ${describe(data)}`,
  );
});

function payloadCodec<K extends Kind>(kind: K): Codec<Payload<K>> {
  const fields = { version, kind: word(kind), sender: peer, content: KINDS[kind].content };
  return struct(fields as unknown as Fields<Payload<K>>);
}

/** The bytes that a message's signature covers but its own domain: payload only, without signature. */
export function encodePayload<K extends Kind>(
  kind: K,
  sender: PeerId,
  content: Contents[K],
): Uint8Array {
  return encodeCanonical(payloadCodec(kind), { version: PROTOCOL_VERSION, kind, sender, content });
}

/** The CID that names a message, from its payload. */
export function idOfPayload(payload: Uint8Array): CIDText {
  return CID.createV1(0x71, Digest.create(0x12, sha256(payload))).toString();
}

/** The name a message will have once signed: pure, so state machines can refer to what their shell is about to sign. */
export function messageId<K extends Kind>(kind: K, sender: PeerId, content: Contents[K]): CIDText {
  return idOfPayload(encodePayload(kind, sender, content));
}

/** `foldmesh:<kind>:` ‖ payload, so that no signature serves as one of another kind or another use of the key. */
export function signedBytes(kind: Kind, payload: Uint8Array): Uint8Array {
  const domain = new TextEncoder().encode(`foldmesh:${kind}:`);
  const out = new Uint8Array(domain.length + payload.length);
  out.set(domain);
  out.set(payload, domain.length);
  return out;
}

/**
 * Encodes and signs.
 * @throws ProtocolError when the content breaks its own schema or size limit: others would refuse it, so it is not signed
 */
export async function signMessage<K extends Kind>(
  signer: Signer,
  kind: K,
  content: Contents[K],
): Promise<SignedMessage<K>> {
  const payload = encodePayload(kind, signer.peer, content);
  const own = decodePayload(kind, payload);
  const signature = await signer.sign(signedBytes(kind, payload));
  const message = encodeCanonical(envelope, { payload, signature });
  checkSize(kind, message.length);
  return {
    kind,
    sender: own.sender,
    content: own.content,
    id: idOfPayload(payload),
    bytes: message,
  };
}

/**
 * Decodes a message and checks everything that can be checked without knowing the world: size, encoding, version, schema, signature.
 * @param expected the kinds that make sense where the message came from; others are refused unread
 * @throws ProtocolError
 */
export async function openMessage<K extends Kind>(
  verify: Verifier,
  message: Uint8Array,
  ...expected: readonly K[]
): Promise<{ [E in K]: SignedMessage<E> }[K]> {
  const kind = checkKind(message, expected);
  const { payload, signature } = decodeCanonical(envelope, message, "envelope");
  const { sender, content } = decodePayload(kind, payload);
  if (!(await verify(sender, signedBytes(kind, payload), signature))) {
    throw new ProtocolError("BAD_SIGNATURE", `${kind}: the signature is not that of ${sender}`);
  }
  return { kind, sender, content, id: idOfPayload(payload), bytes: message };
}

/** The kind by a look at the first bytes, held to `expected` and to its size limit before anything is decoded. */
function checkKind<K extends Kind>(message: Uint8Array, expected: readonly K[]): K {
  const kind = peekKind(message);
  if (!isKind(kind)) throw new ProtocolError("UNKNOWN_KIND", `no message is called "${kind}"`);
  if (expected.length > 0 && !(expected as readonly Kind[]).includes(kind)) {
    throw new ProtocolError("WRONG_KIND", `expected ${expected.join(" or ")}, got ${kind}`);
  }
  checkSize(kind, message.length);
  return kind as K;
}

function checkSize(kind: Kind, size: number): void {
  const { limit } = KINDS[kind];
  if (size > limit) {
    throw new ProtocolError(
      "TOO_LARGE",
      `${kind}: at most ${limit} bytes, got ${size}; send large things as blobs`,
    );
  }
}

function decodePayload<K extends Kind>(kind: K, payload: Uint8Array): Payload<K> {
  return decodeCanonical(payloadCodec(kind), payload, kind);
}
