// Members that cannot be dialled: reached through a relay. And members that find each other without being told of anybody.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, test } from "vitest";
import { KAD_PROTOCOL } from "../src/libp2p.ts";
import { outlaw } from "./outlaw.ts";
import { type Member, addressOf, bytesOf, member, textOf, until } from "./world.ts";

const ECHO = { name: "echo", requestLimit: 1000, replyLimit: 1000, timeout: 10_000 };

test("a member that only listens through a relay is dialled there and answers", async () => {
  const relay = await member("relay", { relay: "serve" });
  const home = await member("home", { listen: [], relay: "use" });
  await home.handle(ECHO, (request) => request);
  await home.dial(addressOf(relay));
  const isThrough = (address: string): boolean => address.includes("/p2p-circuit");
  await until(() => home.addresses().some(isThrough), "a reservation at the relay", 30_000);
  const address = home.addresses().find(isThrough)!;
  const caller = await member("caller", { listen: [], relay: "use" });
  expect(await caller.dial(address)).toBe(home.peer);
  expect(caller.peers().find(({ peer }) => peer === home.peer)!.address).toContain("/p2p-circuit");
  expect(textOf(await caller.call(home.peer, ECHO, bytesOf("through the relay")))).toBe(
    "through the relay",
  );
}, 60_000);

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test("two members that met through a relay connect directly, and large things go that way", async () => {
  const relay = await member("relay", { relay: "serve" });
  const home = await member("home", { relay: "use" });
  await home.dial(addressOf(relay));
  const isThrough = (address: string): boolean => address.includes("/p2p-circuit");
  await until(() => home.addresses().some(isThrough), "a reservation at the relay", 30_000);
  // dcutr takes no private IP address, but any name (@libp2p/dcutr, utils.js, isPublicAndDialable)
  const port = await freePort();
  const caller = await member("caller", {
    listen: [`/ip4/127.0.0.1/tcp/${port}`],
    announce: [`/dns4/localhost/tcp/${port}`],
    relay: "use",
  });
  await caller.dial(home.addresses().find(isThrough)!);
  const isDirect = (from: Member, to: Member): boolean => {
    const ways = from.peers().filter(({ peer }) => peer === to.peer);
    return ways.length > 0 && !ways.some(({ address }) => isThrough(address));
  };
  const areDirect = (): boolean => isDirect(caller, home) && isDirect(home, caller);
  await until(areDirect, "a direct connection alone, at both ends", 30_000);
  const cid = await home.blobs.add(new Uint8Array(300_000));
  expect(await caller.blobs.fetch(cid, { from: [home.peer] })).toHaveLength(300_000);
}, 60_000);

const [HOP, AUTONAT] = ["/libp2p/circuit/relay/0.2.0/hop", "/libp2p/autonat/1.0.0"];

test.each([
  ["serve", "server", [HOP, AUTONAT, KAD_PROTOCOL]],
  ["none", "server", [KAD_PROTOCOL]],
  ["none", "client", []],
] as const)("with relay: %s and directory: %s it serves %j", async (relay, directory, served) => {
  const each = await member("served", { relay, directory });
  const asker = await outlaw();
  const { remotePeer } = await asker.dial(multiaddr(addressOf(each)));
  const spoken = async (): Promise<string[]> => (await asker.peerStore.get(remotePeer)).protocols;
  await expect.poll(spoken).toContain("/ipfs/ping/1.0.0");
  const known = async (): Promise<Set<string>> =>
    new Set((await spoken()).filter((name) => [HOP, AUTONAT, KAD_PROTOCOL].includes(name)));
  await expect.poll(known).toEqual(new Set(served)); // a DHT client says after a moment that it serves nobody
});

test("a server of a public network tells nobody of private addresses", async () => {
  const hub = await member("hub", { reach: "public" });
  const [a, b] = await Promise.all(["a", "b"].map((name) => member(name)));
  for (const each of [a!, b!]) await each.dial(addressOf(hub));
  const cid = await a!.blobs.add(bytesOf("at home"));
  await a!.blobs.provide(cid);
  await expect(b!.blobs.fetch(cid)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

/** Multicast needs an interface beyond loopback. */
const hasNetwork = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.family === "IPv4" && !each.internal);

test.runIf(hasNetwork)(
  "two members on one local network find each other by themselves",
  async () => {
    const [a, b] = await Promise.all(
      ["mdns a", "mdns b"].map((name) => member(name, { mdns: true })),
    );
    await until(() => a!.peers().some(({ peer }) => peer === b!.peer), "the neighbour", 30_000);
  },
  60_000,
);
