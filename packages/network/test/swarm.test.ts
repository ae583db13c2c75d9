// Fifty members on one machine: who offers is found from anywhere, one message reaches all, and no false advert passes.
import { signMessage } from "@foldmesh/protocol";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, test } from "vitest";
import { advertKey } from "../src/capabilities/advert-book.ts";
import type { Offer } from "../src/index.ts";
import { outlaw } from "./outlaw.ts";
import { addressOf, bytesOf, member, type Member, textOf, TOPIC, until } from "./world.ts";

const SIZE = 50;
const OFFER: Offer = {
  roles: ["aggregator"],
  backends: [],
  maxConcurrent: 1,
  ask: 1n,
  privacy: ["public"],
  versions: { protocol: [1], software: "test" },
};

/** Quiet clocks: fifty members share one event loop here, and none of this is about pings. */
const intervals = { ping: 60_000, pingTimeout: 30_000 };

/** Members that each know only two earlier ones, so that lookups and gossip have to travel. */
async function swarm(): Promise<Member[]> {
  const members = await Promise.all(
    Array.from({ length: SIZE }, (_, i) => member(`one of fifty ${i}`, { intervals })),
  );
  for (const [i, next] of members.entries()) {
    const known = new Set([Math.floor(i / 2), i - 1].filter((k) => k >= 0 && k !== i));
    await Promise.all([...known].map((k) => next.dial(addressOf(members[k]!))));
  }
  return members;
}

const peersOf = (members: readonly { readonly peer: string }[]): string[] =>
  members.map(({ peer }) => peer).toSorted();

/** A lookup on a busy machine may give up before the last answer, as it would say in time: whoever needs all asks again. */
async function findAll(each: Member, offering: readonly Member[]): Promise<void> {
  const others = offering.filter(({ peer }) => peer !== each.peer);
  const limit = others.length; // the last one found ends the search
  const lookup = (): Promise<string[]> =>
    each.capabilities
      .find({ role: "aggregator" }, { limit })
      .then((found) => found.map(({ sender }) => sender).toSorted());
  await expect.poll(lookup, { timeout: 60_000, interval: 100 }).toEqual(peersOf(others));
}

test("fifty members find a class's members, hear each other and refuse false adverts", async () => {
  const members = await swarm();
  const heard = members.map(() => 0);
  members.forEach((each, i) =>
    each.gossip.subscribe(
      TOPIC,
      ({ bytes }) => ({ verdict: "accept", value: textOf(bytes) }),
      () => void heard[i]!++,
    ),
  );
  const offering = [7, 23, 44].map((i) => members[i]!);
  const adverts = await Promise.all(offering.map((each) => each.capabilities.announce(OFFER)));
  await until(
    () => members.every((each) => each.gossip.neighbours(TOPIC).length > 0),
    "the mesh",
    60_000,
  );
  for (let i = 0; i < 5; i++) await members[10 * i]!.gossip.publish(TOPIC, bytesOf(`news ${i}`));

  // from every third member, one of those that offer among them: a first lookup costs a dozen handshakes
  for (let i = 1; i < SIZE; i += 3) await findAll(members[i]!, offering);
  const cid = await members[5]!.blobs.add(bytesOf("far away"));
  await members[5]!.blobs.provide(cid);
  expect(textOf(await members[SIZE - 1]!.blobs.fetch(cid))).toBe("far away");

  const expected = members.map((_, i) => (i % 10 === 0 ? 4 : 5));
  await until(() => heard.every((n, i) => n >= expected[i]!), "five messages everywhere", 60_000);
  expect(heard).toEqual(expected);

  const [victim] = offering as [Member];
  const old = adverts[0]!;
  const current = await victim.capabilities.announce({ ...OFFER, ask: 2n });
  const outsider = await outlaw();
  for (const i of [0, 25, 49]) await outsider.dial(multiaddr(addressOf(members[i]!)));
  const { routingTable } = outsider.services.dht as unknown as { routingTable: { size: number } }; // its class has it
  await until(() => routingTable.size >= 3, "the outlaw's routing table");
  const content = { ...current.content, sequence: current.content.sequence + 1, ask: 9n };
  const forged = new Uint8Array(current.bytes);
  forged[forged.length - 1]! ^= 1;
  const foreign = await signMessage(members[1]!.signer, "CapabilityAdvert", content);
  const answers = { refused: 0, accepted: 0 };
  for (const record of [forged, old.bytes, foreign.bytes]) {
    for await (const event of outsider.services.dht.put(advertKey(victim.peer), record)) {
      const isTaken = event.name === "PEER_RESPONSE" && event.messageName === "PUT_VALUE";
      if (isTaken) answers.accepted++;
      if (event.name === "QUERY_ERROR") answers.refused++;
    }
  }
  expect(answers.accepted).toBe(0);
  expect(answers.refused).toBeGreaterThan(3 * 10); // the servers nearest to the key, for each record
  const seen = await Promise.all([2, 13, 38].map((i) => members[i]!.capabilities.of(victim.peer)));
  expect(seen.map(({ id }) => id)).toEqual(seen.map(() => current.id));
}, 240_000);
