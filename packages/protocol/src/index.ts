export { decodeCanonical, encodeCanonical, equalBytes } from "./canonical.ts";
export {
  type AnyMessage,
  type SignedMessage,
  type Signer,
  type Verifier,
  encodePayload,
  idOfPayload,
  messageId,
  openMessage,
  signMessage,
  signedBytes,
} from "./envelope.ts";
export { ProtocolError, type ProtocolErrorCode } from "./errors.ts";
export { signerOf, verifySignature } from "./keys.ts";
export {
  type Contents,
  type Kind,
  isKind,
  KINDS,
  LARGEST_LIMIT,
  PROTOCOL_VERSION,
} from "./kinds.ts";
export type * from "./messages/advert.ts";
export {
  type AuctionAnnouncement,
  type Award,
  type AwardedLot,
  type BidCommit,
  type Bidder,
  type BidReveal,
  type Lot,
  MAX_BIDDERS,
  MAX_LOTS,
  type Offer,
  type RevealCall,
  type TaskKind,
  taskKind,
  type Weights,
} from "./messages/auction.ts";
export type * from "./messages/delivery.ts";
export type * from "./messages/lease.ts";
export { refusalReason } from "./messages/lease.ts";
export type * from "./messages/request.ts";
export { peekKind } from "./peek.ts";
export {
  bytesToHex,
  cid,
  type CIDText,
  count,
  duration,
  epoch,
  hex32,
  type Hex32,
  hexToBytes,
  index,
  MAX_MONEY,
  money,
  type Money,
  peer,
  peerFromPublicKey,
  type PeerId,
  peerToBytes,
  ppm,
  type PPM,
  PPM_ONE,
  publicKeyOf,
  range,
  type Range,
  taskId,
  time,
  type Time,
} from "./scalars.ts";
export {
  type Codec,
  bytes,
  integer,
  list,
  refine,
  sorted,
  struct,
  text,
  truth,
  union,
  word,
} from "./schema.ts";
export {
  badEvidence,
  checkEquivocation,
  contradicts,
  equivocation,
  mustBe,
  openAll,
  slotOf,
} from "./slots.ts";
