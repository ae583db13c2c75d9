import { expect, test } from "vitest";
import { addressOf, bytesOf, member, type Member, textOf, TOPIC, until } from "./world.ts";

const SIZE = 24;
const OFFER = {
  roles: ["prover"],
  backends: [],
  maxConcurrent: 1,
  ask: 1n,
  privacy: ["public"],
  versions: { protocol: [1], software: "test" },
} as const;

/** Quiet clocks: twenty-four members share one event loop here, and none of this is about pings. */
const intervals = { ping: 60_000, pingTimeout: 30_000 };

/** Members that each know only two earlier ones, so that lookups and gossip have to travel. */
async function swarm(): Promise<Member[]> {
  const members: Member[] = [];
  for (let i = 0; i < SIZE; i++) {
    const next = await member(`member ${i}`, { intervals });
    for (const known of new Set([members[Math.floor(i / 2)], members[i - 1]])) {
      if (known !== undefined) await next.dial(addressOf(known));
    }
    members.push(next);
  }
  return members;
}

test("twenty-four members: gossip reaches all, and a lookup finds who offers", async () => {
  const members = await swarm();
  const heard = members.map(() => 0);
  members.forEach((each, i) =>
    each.gossip.subscribe(
      TOPIC,
      ({ bytes }) => ({ verdict: "accept", value: textOf(bytes) }),
      () => void heard[i]!++,
    ),
  );
  await until(() => members.every((each) => each.gossip.neighbours(TOPIC).length > 0), "the mesh");
  await Promise.all([3, 11, 21].map((i) => members[i]!.capabilities.announce(OFFER)));
  const found = await members[SIZE - 1]!.capabilities.find({ role: "prover" });
  expect(found.map(({ sender }) => sender).toSorted()).toEqual(
    [3, 11, 21].map((i) => members[i]!.peer).toSorted(),
  );
  const own = members[SIZE - 1]!;
  const cid = await members[5]!.blobs.add(bytesOf("far away"));
  await members[5]!.blobs.provide(cid);
  expect(textOf(await own.blobs.fetch(cid))).toBe("far away");
  for (let i = 0; i < 10; i++) await members[2 * i]!.gossip.publish(TOPIC, bytesOf(`news ${i}`));
  const expected = members.map((_, i) => (i < 20 && i % 2 === 0 ? 9 : 10));
  await until(() => heard.every((count, i) => count >= expected[i]!), "ten messages everywhere");
  expect(heard).toEqual(expected);
}, 60_000);
