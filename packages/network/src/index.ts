export { type Blobs, type FetchOptions } from "./blobs/blobs.ts";
export { cidOfBytes } from "./blobs/cid.ts";
export { type BlobSource, type Chunks, collect, createMemoryBlobs, once } from "./blobs/source.ts";
export { BadBlobError, IncompleteError } from "./blobs/transfer.ts";
export { type SignedAdvert } from "./capabilities/advert-book.ts";
export { type Offer } from "./capabilities/announcer.ts";
export { type Capabilities, type FindOptions } from "./capabilities/capabilities.ts";
export { MEMORY_TIERS, SPEED_TIERS, type Wanted } from "./capabilities/classes.ts";
export {
  DEFAULT_INTERVALS,
  DEFAULT_LIMITS,
  type Intervals,
  type Limits,
  type NetworkConfig,
} from "./config.ts";
export { NetworkError, type NetworkErrorCode, RequestRefused } from "./errors.ts";
export { type NetworkEvent, type Observer } from "./events.ts";
export {
  type Gossip,
  type GossipMessage,
  type Handle,
  type Judge,
  type Judgement,
  signedMessages,
} from "./gossip.ts";
export { type ConnectedPeer, createNetwork, type Network } from "./network.ts";
export { BAN_SCORE, DISCONNECT_SCORE, type Offence } from "./offences.ts";
export { type Police } from "./police.ts";
export { type Rate } from "./rate-limit.ts";
export { type CallOptions } from "./rpc/client.ts";
export { type Caller, type Handler, type Method } from "./rpc/method.ts";
