import { signMessage } from "@foldmesh/protocol";
import type { Connection, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { advertKey } from "../src/capabilities/advert-book.ts";
import { BLOB_PROTOCOL, encodeRequest } from "../src/blobs/wire.ts";
import type { NetworkConfig } from "../src/index.ts";
import { cidOfBytes } from "../src/index.ts";
import { type Outlaw, outlaw } from "./outlaw.ts";
import { addressOf, bytesOf, member, type Member, textOf, until } from "./world.ts";

const ECHO = { name: "echo", requestLimit: 1000, replyLimit: 1000, timeout: 2000 };
const RPC = "/foldmesh/rpc/1.0.0/echo";

/** A victim that echoes, an honest member, and a bare libp2p node that obeys no rule. */
interface Scene {
  readonly victim: Member;
  readonly honest: Member;
  readonly hostile: Outlaw;
  readonly connection: Connection;
}

async function scene(config: Partial<NetworkConfig> = {}): Promise<Scene> {
  const victim = await member("victim", config);
  const honest = await member("honest");
  await victim.handle(ECHO, (request) => request);
  await honest.dial(addressOf(victim));
  const hostile = await outlaw();
  const connection = await hostile.dial(multiaddr(addressOf(victim)));
  await until(() => victim.peers().length === 2, "both connections");
  return { victim, honest, hostile, connection };
}

const offencesOf = ({ victim, hostile }: Scene): string[] =>
  victim.events.flatMap((each) =>
    each.kind === "offence" && each.peer === hostile.peerId.toString() ? [each.offence] : [],
  );

async function expectHonestServed({ victim, honest }: Scene): Promise<void> {
  expect(textOf(await honest.call(victim.peer, ECHO, bytesOf("still there?")))).toBe(
    "still there?",
  );
}

const gone = ({ victim, hostile }: Scene): Promise<void> =>
  until(
    () => victim.peers().every(({ peer }) => peer !== hostile.peerId.toString()),
    "the disconnection",
  );

/** Opens streams and writes to each until the victim hangs up. */
async function attack(
  { connection }: Scene,
  protocol: string,
  times: number,
  act: (stream: Stream) => void,
): Promise<void> {
  for (let i = 0; i < times && connection.status === "open"; i++) {
    try {
      act(await connection.newStream(protocol, { signal: AbortSignal.timeout(1000) }));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5)); // too many open ones, or cut off
    }
  }
}

test("frames longer than the method allows: refused unread, sender disconnected, then banned", async () => {
  const it = await scene();
  const huge = Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1, 2, 3); // a length of 256 MiB
  await attack(it, RPC, 3, (stream) => void stream.send(huge));
  await gone(it);
  expect(offencesOf(it)).toContain("oversized");
  await expectHonestServed(it);
  expect(it.victim.events.filter(({ kind }) => kind === "banned")).toHaveLength(1);
  const again = it.hostile.dial(multiaddr(addressOf(it.victim)));
  const connection = await again.catch(() => undefined); // the handshake may pass before the gate closes
  if (connection !== undefined) await until(() => connection.status !== "open", "the refusal");
});

test("requests that never end are given up and counted", async () => {
  const it = await scene({ limits: { transferTime: 200 } });
  await attack(it, RPC, 5, (stream) => void stream.send(Uint8Array.of(100, 1, 2, 3)));
  await gone(it);
  expect(offencesOf(it)).toContain("stall");
  await expectHonestServed(it);
});

test("who seems to stall while this process stands still is excused", async () => {
  const it = await scene({ limits: { transferTime: 1000 } });
  await attack(it, RPC, 5, (stream) => void stream.send(Uint8Array.of(100, 1, 2, 3)));
  await new Promise((resolve) => setTimeout(resolve, 100)); // they have arrived
  const end = performance.now() + 1200;
  while (performance.now() < end); // and nothing more is heard here
  await until(() => it.victim.events.some(({ kind }) => kind === "excused"), "the excuse");
  expect(offencesOf(it)).toEqual([]);
  await expectHonestServed(it);
});

test("a caller that never reads its replies holds nothing up", async () => {
  const it = await scene();
  const frame = new Uint8Array(802).fill(7);
  frame.set([0xa0, 0x06]); // 800
  await attack(it, RPC, 60, (stream) => {
    stream.pause();
    stream.send(frame);
  });
  await expectHonestServed(it);
});

test("a flood of requests is refused and its sender banned, while others are served", async () => {
  const it = await scene({ limits: { requests: { perSecond: 50, burst: 50 } } });
  const flood = attack(it, RPC, 1000, (stream) => {
    stream.send(Uint8Array.of(1, 42));
    void stream.close().catch(() => undefined);
  });
  await Promise.all([flood, expectHonestServed(it), expectHonestServed(it)]);
  await gone(it);
  expect(offencesOf(it)).toContain("flood");
  await expectHonestServed(it);
});

test("garbage in blob requests, and acknowledgements of chunks that were not sent", async () => {
  const it = await scene();
  const cid = await it.victim.blobs.add(new Uint8Array(3 << 20));
  const request = encodeRequest({ cid, offset: 0 });
  await attack(it, BLOB_PROTOCOL, 1, (stream) => void stream.send(bytesOf("\u0005nope!")));
  await until(() => offencesOf(it).length === 1, "the first offence");
  await attack(it, BLOB_PROTOCOL, 2, (stream) => {
    stream.send(Uint8Array.of(request.length, ...request, 4, 0, 0, 1, 0));
  });
  await until(() => offencesOf(it).length >= 3, "more offences");
  expect(offencesOf(it).every((offence) => offence === "malformed")).toBe(true);
  await gone(it);
  await expectHonestServed(it);
});

test("a reader that stops reading in the middle of a blob is let go", async () => {
  const it = await scene({ limits: { blobStall: 200 } });
  const cid = await it.victim.blobs.add(new Uint8Array(8 << 20));
  const request = encodeRequest({ cid, offset: 0 });
  await attack(it, BLOB_PROTOCOL, 4, (stream) => {
    stream.send(Uint8Array.of(request.length, ...request));
  });
  await until(() => offencesOf(it).includes("stall"), "the stall");
  expect(await it.honest.blobs.fetch(cid, { from: [it.victim.peer] })).toHaveLength(8 << 20);
});

test("noise instead of a handshake, and half-open connections, disturb nobody", async () => {
  const it = await scene();
  const port = Number(new URL(`http://x:${addressOf(it.victim).split("/")[4]}`).port);
  const sockets = Array.from({ length: 30 }, (_, i) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    if (i % 2 === 0) socket.write("GET / HTTP/1.1\r\n\r\n");
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expectHonestServed(it);
  const late = await member("late");
  await late.dial(addressOf(it.victim));
  sockets.forEach((socket) => socket.destroy());
});

test("forged and stale adverts put straight into the DHT are refused by every server", async () => {
  const it = await scene();
  const { victim, honest, hostile } = it;
  const offer = {
    roles: ["prover"],
    backends: [],
    maxConcurrent: 1,
    ask: 1n,
    privacy: ["public"],
    versions: { protocol: [1], software: "test" },
  } as const;
  const old = await honest.capabilities.announce(offer);
  const current = await honest.capabilities.announce({ ...offer, ask: 2n });
  await until(() => hostile.getPeers().length >= 1, "the DHT");
  const forged = new Uint8Array(current.bytes);
  forged[forged.length - 1]! ^= 1;
  const content = { ...current.content, sequence: current.content.sequence + 1, ask: 9n };
  const foreign = await signMessage(victim.signer, "CapabilityAdvert", content);
  for (const value of [forged, old.bytes, foreign.bytes, new Uint8Array(100_000)]) {
    for await (const event of hostile.services.dht.put(advertKey(honest.peer), value)) {
      const accepted = event.name === "PEER_RESPONSE" && event.messageName === "PUT_VALUE";
      expect(accepted).toBe(false);
    }
  }
  await honest.hangUp(victim.peer);
  const newcomer = await member("newcomer");
  await newcomer.dial(addressOf(victim));
  await newcomer.dial(hostile.getMultiaddrs()[0]!.toString());
  await honest.stop();
  const found = await newcomer.capabilities.of(honest.peer);
  expect(found.content.sequence).toBeGreaterThan(current.content.sequence);
  expect(found.content.roles).toEqual([]); // its own withdrawal
});

test("a liar that provides a blob which does not exist only costs the reader a moment", async () => {
  const it = await scene();
  const cid = cidOfBytes(bytesOf("never made"));
  await it.hostile.handle(BLOB_PROTOCOL, async (stream) => {
    stream.send(bytesOf("\u0003abc"));
  });
  const from = [it.hostile.peerId.toString()];
  await expect(it.victim.blobs.fetch(cid, { from })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(offencesOf(it)).toEqual(["malformed"]);
});
