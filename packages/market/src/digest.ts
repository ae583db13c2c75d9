import { sha256 } from "@noble/hashes/sha2.js";
import type { BidReveal, CIDText, Hex32, PeerId } from "@foldmesh/protocol";
import { bytesToHex, encodePayload } from "@foldmesh/protocol";

const UTF8 = new TextEncoder();

function hash(domain: string, ...parts: readonly Uint8Array[]): Hex32 {
  const state = sha256.create().update(UTF8.encode(`foldmesh:${domain}:`));
  for (const part of parts) state.update(part);
  return bytesToHex(state.digest());
}

/** The same for the same set of messages, in whatever order they came. */
export function digestOfIds(domain: "commits" | "reveals", ids: readonly CIDText[]): Hex32 {
  return hash(domain, UTF8.encode([...ids].toSorted().join("\n")));
}

/**
 * H(bid ‖ salt): over the whole reveal message, which names the auction and the bidder, so nobody can commit to a copy of another's
 * sealed bid and open it with him. The 32-byte random salt inside hides it.
 */
export function commitmentOf(bidder: PeerId, reveal: BidReveal): Hex32 {
  return hash("commitment", encodePayload("BidReveal", bidder, reveal));
}

/** Breaks ties: the lowest wins. Nobody knows it before the auction is announced. */
export function tieBreak(auction: CIDText, peer: PeerId): Hex32 {
  return hash("tie", UTF8.encode(`${auction}\n${peer}`));
}
