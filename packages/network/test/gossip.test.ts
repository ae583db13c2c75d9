import { signMessage } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import type { GossipMessage, Judge } from "../src/index.ts";
import { signedMessages } from "../src/index.ts";
import { addressOf, bytesOf, member, type Member, star, textOf, TOPIC, until } from "./world.ts";

const anything: Judge<string> = ({ bytes }) => ({ verdict: "accept", value: textOf(bytes) });

function listen(to: Member, judge: Judge<string> = anything): string[] {
  const heard: string[] = [];
  to.gossip.subscribe(TOPIC, judge, (text) => void heard.push(text));
  return heard;
}

/** Publishing reaches whoever is known to listen, so tests wait until that has gone round. */
const known = (publisher: Member, listeners: number): Promise<void> =>
  until(() => publisher.gossip.subscribers(TOPIC).length >= listeners, "the subscriptions");

/** Passing on takes a heartbeat to be set up. */
const meshed = (relay: Member, neighbours: number): Promise<void> =>
  until(() => relay.gossip.neighbours(TOPIC).length >= neighbours, "the mesh");

test("a message reaches every subscriber once, over hops, and not its publisher", async () => {
  const members = await star(["hub", "a", "b", "c"]);
  const heard = members.map((each) => listen(each));
  const [hub, a] = members as [Member, Member];
  await known(a, 1);
  await meshed(hub, 3);
  await a.gossip.publish(TOPIC, bytesOf("hello"));
  await until(() => heard[0]!.length + heard[2]!.length + heard[3]!.length === 3, "three copies");
  expect(heard[1]).toEqual([]);
});

test("two conflicting signed messages both travel; the same bytes again do not", async () => {
  const [hub, a, b] = (await star(["hub", "a", "b"])) as [Member, Member, Member];
  const commits = signedMessages(["BidCommit"]);
  const heard: string[] = [];
  hub.gossip.subscribe(TOPIC, commits, () => undefined);
  b.gossip.subscribe(TOPIC, commits, ({ content }) => void heard.push(content.commitment));
  await known(a, 1);
  await meshed(hub, 1);
  for (const i of [1, 2, 1]) await a.gossip.publish(TOPIC, await commit(a, i));
  await until(() => heard.length === 2, "both messages");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard.toSorted()).toEqual(["11", "12"].map((pair) => pair.repeat(32)));
});

test("ignored messages go no further and cost nothing", async () => {
  const [hub, a, b] = (await star(["hub", "a", "b"])) as [Member, Member, Member];
  const atHub = listen(hub, () => ({ verdict: "ignore" }));
  const atB = listen(b);
  await known(a, 1);
  await meshed(hub, 1);
  await a.gossip.publish(TOPIC, bytesOf("stale"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([atHub, atB]).toEqual([[], []]);
  expect(hub.peers().map(({ score }) => score)).toEqual([0, 0]);
});

const AUCTION = "bafkreifxkh4qudmk7bcsqn2ynjx4j2p7gqusw7wpbylp6kxzecwnqh3mce";

async function commit({ signer }: Member, i: number): Promise<Uint8Array> {
  const commitment = `${10 + i}`.repeat(32);
  return (await signMessage(signer, "BidCommit", { auction: AUCTION, commitment })).bytes;
}

const forged = async (by: Member, i: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(await commit(by, i));
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
};

test.each<[string, (by: Member, i: number) => Promise<Uint8Array>]>([
  ["rubbish", async (_, i) => bytesOf(`rubbish ${i}`)],
  ["forged signatures", forged],
  ["messages that are too long", async (_, i) => new Uint8Array(5000).fill(i)],
])("a neighbour that passes on %s is disconnected; others are heard as before", async (_, bad) => {
  const [hub, liar, good] = await Promise.all([
    member("hub", { limits: { maxGossipBytes: 4000 } }),
    member("bad"),
    member("good"),
  ]);
  await Promise.all([liar, good].map((each) => each.dial(addressOf(hub))));
  const messages: GossipMessage[] = [];
  const judge = signedMessages(["BidCommit"]);
  hub.gossip.subscribe(TOPIC, judge, (_value, message) => void messages.push(message));
  await known(liar, 1);
  await known(good, 1);
  for (let i = 0; i < 6; i++) await liar.gossip.publish(TOPIC, await bad(liar, i));
  await until(() => hub.peers().every(({ peer }) => peer !== liar.peer), "the disconnection");
  await good.gossip.publish(TOPIC, await commit(good, 0));
  await until(() => messages.length === 1, "the honest message");
});

test("a flood is cut off by its neighbour before it spreads", async () => {
  const limits = { gossip: { perSecond: 20, burst: 20 } };
  const hub = await member("hub", { limits });
  const [flooder, other] = await Promise.all([member("flooder"), member("other")]);
  await Promise.all([flooder, other].map((each) => each.dial(hub.addresses()[0]!)));
  const heard = [listen(hub), listen(other)];
  await known(flooder, 1);
  await meshed(hub, 1);
  for (let i = 0; i < 300; i++) {
    await flooder.gossip.publish(TOPIC, bytesOf(`spam ${i}`)).catch(() => undefined);
  }
  await until(() => hub.peers().every(({ peer }) => peer !== flooder.peer), "the disconnection");
  expect(heard[0]!.length).toBeLessThan(60);
  expect(heard[1]!.length).toBeLessThan(60);
});

test("a judge that fails punishes nobody", async () => {
  const [hub, a] = (await star(["hub", "a"])) as [Member, Member];
  listen(hub, () => {
    throw new TypeError("our own mistake");
  });
  await known(a, 1);
  await a.gossip.publish(TOPIC, bytesOf("fine"));
  await until(() => hub.events.some(({ kind }) => kind === "handler-failed"), "the event");
  expect(hub.peers()[0]?.score).toBe(0);
});
