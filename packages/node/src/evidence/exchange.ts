// What was said while two nodes were apart: each asks the other for what it heard last. Gossip tells nothing twice, so of two
// conflicting messages that went to two halves of a network, this is where they meet.

import type { Network } from "@foldmesh/network";
import { NetworkError, RequestRefused } from "@foldmesh/network";
import {
  type Codec,
  type PeerId,
  ProtocolError,
  bytes,
  decodeCanonical,
  encodeCanonical,
  list,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Board, Notice } from "../board.ts";
import { RECENT } from "../methods.ts";
import { checkRecord } from "./check-record.ts";

/** Kinds that stay of interest after their moment. */
const KINDS = ["Award", "Receipt", "Evidence"] as const;
const MOST = 128;
const MOST_BYTES = RECENT.replyLimit - 16 * 1024;

/** What the other found out by asking us is told before gossip between us has begun: so we ask twice. */
const AGAIN_MS = 3_000;

const reply: Codec<readonly Uint8Array[]> = list(bytes(1, MOST_BYTES), 0, MOST);

export interface ExchangeInit {
  readonly network: Network;
  readonly board: Board;
  /** a genuine message that another node had kept, checked as far as it can be seen by itself */
  readonly onTold: (notice: Notice) => void;
  readonly stopping: AbortSignal;
}

export async function startExchange({
  network,
  board,
  onTold,
  stopping,
}: ExchangeInit): Promise<void> {
  const kept: Uint8Array[] = [];
  board.listen((notice) => {
    if (!(KINDS as readonly string[]).includes(notice.kind)) return;
    kept.push(notice.bytes);
    while (kept.length > MOST || sizeOf(kept) > MOST_BYTES) kept.shift();
  });
  await network.handle(RECENT, () => encodeCanonical(reply, kept));
  network.observe((event) => {
    if (event.kind === "connected") greet(event.peer);
  });
  for (const { peer } of network.peers()) greet(peer);

  function greet(peer: PeerId): void {
    void ask(peer);
    setTimeout(() => void ask(peer), AGAIN_MS).unref();
  }

  async function ask(peer: PeerId): Promise<void> {
    try {
      const told = await network.call(peer, RECENT, new Uint8Array(1), { signal: stopping });
      for (const each of decodeCanonical(reply, told, "recent messages")) {
        const notice = (await openMessage(verifySignature, each, ...KINDS)) as Notice;
        await checkRecord(notice);
        onTold(notice);
      }
    } catch (error) {
      if (stopping.aborted || error instanceof NetworkError || error instanceof RequestRefused) {
        return; // a dApp, or gone again
      }
      if (!(error instanceof ProtocolError)) throw error;
      network.report(peer, "malformed", error.message);
    }
  }
}

const sizeOf = (messages: readonly Uint8Array[]): number =>
  messages.reduce((sum, { length }) => sum + length + 8, 0);
