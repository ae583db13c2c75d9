import { signMessage } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import type { Offer } from "../src/index.ts";
import { classesOf, classFor, offers } from "../src/capabilities/classes.ts";
import { createAdvertBook, MAX_ADVERT_LIFE } from "../src/capabilities/advert-book.ts";
import { confirm } from "../src/capabilities/confirm.ts";
import type { NetworkEvent } from "../src/index.ts";
import { addressOf, type Member, member, star, until } from "./world.ts";

const GIB = 2 ** 30;

function offer(memory = 16, roles: Offer["roles"] = ["prover"], speed = 500_000): Offer {
  const benchmark = { msmPointsPerSecond: speed, mergesPerMinute: 10 };
  return {
    roles,
    backends: [{ kind: "cpu", device: "test", memoryBytes: memory * GIB, benchmark }],
    maxConcurrent: 1,
    ask: 1n,
    privacy: ["public"],
    versions: { protocol: [1], software: "test" },
  };
}

test("an advert's classes reach from its roles to every tier below its means", () => {
  expect(classesOf(offer(20, ["aggregator", "broker"]))).toEqual([
    "aggregator",
    "broker",
    "cpu",
    "aggregator/memory:8",
    "aggregator/memory:16",
    "aggregator/speed:100000",
  ]);
  expect(classesOf(offer(20, []))).toEqual([]);
});

test.each([
  [{ role: "aggregator", memoryBytes: 16 * GIB }, "aggregator/memory:16"],
  [{ role: "aggregator", memoryBytes: 17 * GIB }, "aggregator/memory:16"],
  [{ role: "prover", memoryBytes: GIB }, "prover"],
  [{ role: "prover", msmPointsPerSecond: 2_000_000 }, "prover/speed:1000000"],
  [{ role: "broker", memoryBytes: 64 * GIB }, "broker"],
  [{ backend: "webgpu" }, "gpu"],
  [{}, "cpu"],
] as const)("%o is looked up under %s", (wanted, word) => {
  expect(classFor(wanted)).toBe(word);
});

test("whoever offers what is wanted is provided under the class that is looked up", () => {
  for (const memory of [1, 8, 24, 100]) {
    for (const wanted of [1, 8, 16, 24, 64]) {
      const asked = { role: "prover", memoryBytes: wanted * GIB } as const;
      const content = { ...offer(memory), sequence: 1, expires: 1, addresses: [] };
      if (offers(content, asked)) expect(classesOf(content)).toContain(classFor(asked));
    }
  }
});

test("aggregators with 16 GiB are found, confirmed and none other", async () => {
  const [hub, big, small, prover] = (await star(["hub", "big", "small", "prover"])) as Member[];
  await big!.capabilities.announce(offer(24, ["aggregator"]));
  await small!.capabilities.announce(offer(8, ["aggregator"]));
  await prover!.capabilities.announce(offer(64, ["prover"]));
  const client = await member("dApp", { directory: "client", listen: [] });
  await client.dial(addressOf(hub!));
  const found = await client.capabilities.find({ role: "aggregator", memoryBytes: 16 * GIB });
  expect(found.map(({ sender }) => sender)).toEqual([big!.peer]);
  const both = await client.capabilities.find({ role: "aggregator" });
  expect(both.map(({ sender }) => sender).toSorted()).toEqual([big!.peer, small!.peer].toSorted());
});

test("a peer that has withdrawn, or gone, is not found", async () => {
  const [, a, b, c] = (await star(["hub", "a", "b", "c"])) as Member[];
  await a!.capabilities.announce(offer());
  await b!.capabilities.announce(offer());
  expect(await c!.capabilities.find({ role: "prover" })).toHaveLength(2);
  await a!.capabilities.withdraw();
  await b!.stop();
  expect(await c!.capabilities.find({ role: "prover" })).toEqual([]);
  expect((await c!.capabilities.of(a!.peer)).content.roles).toEqual([]);
});

test("an advert is there for those who come before its peer knows any server", async () => {
  const a = await member("a");
  await a.capabilities.announce(offer());
  const hub = await member("hub");
  await a.dial(addressOf(hub));
  const c = await member("c");
  await c.dial(addressOf(hub));
  await until(() => a.events.filter(({ kind }) => kind === "advertised").length >= 2, "the repeat");
  expect(await c.capabilities.find({ role: "prover" })).toHaveLength(1);
});

test("whoever has withdrawn may offer again, with a higher number each time", async () => {
  const a = await member("a", { clock: () => 1_800_000_000_000 });
  const sequences: number[] = [];
  for (let i = 0; i < 3; i++) {
    sequences.push((await a.capabilities.announce(offer())).content.sequence);
    await a.capabilities.withdraw();
  }
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  expect(a.events.filter(({ kind }) => kind === "equivocation")).toEqual([]);
  await expect(a.capabilities.announce({ ...offer(), maxConcurrent: -1 })).rejects.toThrow();
});

test("an advert is renewed before it expires", async () => {
  const a = await member("a", { intervals: { advert: 400 } });
  const hub = await member("hub");
  await a.dial(addressOf(hub));
  const first = await a.capabilities.announce(offer());
  await new Promise((resolve) => setTimeout(resolve, 700));
  const now = await hub.capabilities.of(a.peer);
  expect(now.content.sequence).toBeGreaterThan(first.content.sequence);
  expect(now.content.expires).toBeGreaterThan(Date.now());
});

test("the advert of a peer that does not answer comes from the DHT, the newest one", async () => {
  const [, a, b] = (await star(["hub", "a", "b"])) as Member[];
  await a!.capabilities.announce(offer(8));
  const newer = await a!.capabilities.announce(offer(16));
  const late = await member("late");
  await late.dial(addressOf(b!));
  const { peer } = a!;
  const kill = a!.peers().map((each) => a!.hangUp(each.peer));
  await Promise.all(kill);
  const known = await b!.capabilities.of(peer);
  expect(known.id).toBe(newer.id);
});

test("a lookup ends with the last advert it needs, though the search goes on", async () => {
  const who = await member("who offers");
  const advert = await who.capabilities.announce(offer());
  let isEnded = false;
  async function* search(signal: AbortSignal): AsyncGenerator<string> {
    yield "nobody";
    yield who.peer;
    await until(() => signal.aborted, "the end of the search");
    isEnded = true;
  }
  const ask = async (peer: string): Promise<typeof advert> => {
    if (peer === who.peer) return advert;
    throw new Error("does not answer");
  };
  const { signal } = new AbortController();
  expect(await confirm(search, ask, () => true, 1, signal)).toEqual([advert]);
  await until(() => isEnded, "the search to hear of it");
});

const NOW = 1_800_000_000_000;

async function record(who: Member, sequence: number, expires: number, ask = 1n) {
  const content = { ...offer(), ask, sequence, expires, addresses: [] };
  return signMessage(who.signer, "CapabilityAdvert", content);
}

test("forged, foreign, expired, immortal, stale and double records are refused", async () => {
  const [a, b] = (await star(["a", "b"])) as [Member, Member];
  const events: NetworkEvent[] = [];
  const book = createAdvertBook(() => NOW, {
    emit: (e) => events.push(e),
    observe: () => () => undefined,
  });
  const good = await record(a, 5, NOW + 1000);
  await book.accept(good.bytes, a.peer);
  await book.accept(good.bytes, a.peer); // the same again is fine
  const refused = async (bytes: Uint8Array, code: string): Promise<void> =>
    expect(book.accept(bytes, a.peer)).rejects.toMatchObject({ code });
  const forged = new Uint8Array(good.bytes);
  forged[forged.length - 1]! ^= 1;
  await refused(forged, "BAD_RECORD");
  await refused((await record(b, 6, NOW + 1000)).bytes, "BAD_RECORD");
  await refused((await record(a, 6, NOW)).bytes, "STALE_RECORD");
  await refused((await record(a, 6, NOW + MAX_ADVERT_LIFE + 1)).bytes, "BAD_RECORD");
  await refused((await record(a, 4, NOW + 1000)).bytes, "STALE_RECORD");
  const second = await record(a, 5, NOW + 1000, 2n);
  await refused(second.bytes, "BAD_RECORD");
  expect(events).toMatchObject([{ kind: "equivocation", peer: a.peer }]);
  expect(book.live(a.peer)?.id).toBe(good.id);
});
