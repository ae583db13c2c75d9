// Whether the peers at the other ends of our connections are there. Ours rather than libp2p's connection monitor, which cuts a connection
// at the first late answer: here a peer that does not answer is first called silent, within two seconds, so that those above can get ready
// to go on without it; its connection is cut only when it stays silent for long. So a dead peer is noticed soon, and a healthy one that
// its machine keeps waiting loses nothing. A killed process needs none of this: its connections are reset at once.

import type { PeerId } from "@foldmesh/protocol";
import type { Connection, Stream } from "@libp2p/interface";
import type { Context } from "./context.ts";
import { NetworkError } from "./errors.ts";
import { within } from "./streams.ts";

export interface Heartbeat {
  /** Connected, but none of its connections has answered for a while. */
  readonly isSilent: (peer: PeerId) => boolean;
}

const PING = "/ipfs/ping/1.0.0";
const PING_BYTES = 32;
/** The other side ends a ping stream after 10 s. */
const STREAM_LIFE = 5_000;
/** A peer slow to answer is given this many times its slowest answer of the last minute. */
const PATIENCE = 3;
const MEMORY = 60_000;

interface Beat {
  readonly connection: Connection;
  stream: Stream | undefined;
  streamBegun: number;
  isOpening: boolean;
  /** undefined while no ping is under way */
  asked: number | undefined;
  /** later than `asked` where it was sent again: for the round trip */
  sent: number;
  received: number;
  slowest: number;
  slowestAt: number;
  isSilent: boolean;
}

export function startHeartbeat(context: Context): Heartbeat {
  const { node, intervals, events, stopping } = context;
  const beats = new Map<string, Beat>();
  const silent = new Set<PeerId>();

  const timer = setInterval(() => {
    const now = performance.now();
    const connections = node.getConnections();
    const open = new Set(connections.map(({ id }) => id));
    for (const id of beats.keys()) if (!open.has(id)) beats.delete(id);
    for (const connection of connections) {
      const beat = beats.get(connection.id) ?? newBeat(connection);
      beats.set(connection.id, beat);
      check(context, beat, now);
      ask(context, beat, now);
    }
    compare();
  }, intervals.ping);
  stopping.addEventListener("abort", () => clearInterval(timer), { once: true });

  /** A peer is silent when all of its connections are. */
  function compare(): void {
    const answering = new Map<PeerId, boolean>();
    for (const { connection, isSilent } of beats.values()) {
      const peer = connection.remotePeer.toString();
      answering.set(peer, !isSilent || (answering.get(peer) ?? false));
    }
    for (const peer of silent) {
      const isThere = answering.get(peer);
      if (isThere === false) continue;
      silent.delete(peer);
      if (isThere === true) events.emit({ kind: "answering", peer });
    }
    for (const [peer, isThere] of answering) {
      if (isThere || silent.has(peer)) continue;
      silent.add(peer);
      events.emit({ kind: "silent", peer });
    }
  }

  return { isSilent: (peer) => silent.has(peer) };
}

function newBeat(connection: Connection): Beat {
  const never = { stream: undefined, streamBegun: 0, asked: undefined, sent: 0, received: 0 };
  const good = { isOpening: false, slowest: 0, slowestAt: 0, isSilent: false };
  return { connection, ...never, ...good };
}

function check({ intervals, lag }: Context, beat: Beat, now: number): void {
  if (now - beat.slowestAt > MEMORY) beat.slowest = 0;
  if (beat.asked === undefined) return;
  const passed = now - beat.asked;
  const waited = passed - lag.paused(passed); // what we did not listen to is not held against others
  const patience = Math.max(intervals.silence, PATIENCE * beat.slowest);
  beat.isSilent ||= waited >= Math.min(patience, intervals.pingTimeout);
  if (waited < intervals.pingTimeout) return;
  const reason = `no answer for ${intervals.pingTimeout} ms`;
  beat.connection.abort(new NetworkError("TIMEOUT", reason));
}

/** One ping at a time; one that was lost with its stream is sent again, and waited for from when it was sent first. */
function ask(context: Context, beat: Beat, now: number): void {
  const isNew = beat.asked === undefined;
  const isOpen = beat.stream?.writeStatus === "writable"; // one that is being closed is still "open"
  if (beat.isOpening || (!isNew && isOpen)) return;
  beat.asked ??= now;
  if (isNew) beat.sent = performance.now();
  const isOld = beat.sent - beat.streamBegun > STREAM_LIFE;
  if (isOpen && !isOld) send(beat, beat.stream!);
  else void open(context, beat);
}

/** A ping stream of its own: one serves many pings. */
async function open({ intervals, stopping }: Context, beat: Beat): Promise<void> {
  void beat.stream?.close().catch(() => undefined);
  beat.stream = undefined; // if no other can be had, this one is not written to again
  beat.isOpening = true;
  try {
    const signal = within(intervals.pingTimeout, stopping);
    const stream = await beat.connection.newStream(PING, { signal, runOnLimitedConnection: true });
    stream.addEventListener("message", ({ data }) => {
      beat.received += data.byteLength;
      if (beat.received >= PING_BYTES) answered(beat);
    });
    beat.stream = stream;
    beat.streamBegun = performance.now();
    send(beat, stream);
  } catch (error) {
    // who says that it does not know the protocol is there; what failed otherwise is tried again
    if ((error as Error).name === "UnsupportedProtocolError") answered(beat);
  } finally {
    beat.isOpening = false;
  }
}

function send(beat: Beat, stream: Stream): void {
  beat.received = 0;
  stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)));
}

function answered(beat: Beat): void {
  if (beat.asked === undefined) return;
  const took = performance.now() - beat.sent;
  if (took >= beat.slowest) {
    beat.slowest = took;
    beat.slowestAt = beat.asked;
  }
  beat.connection.rtt = took;
  beat.asked = undefined;
  beat.isSilent = false;
}
