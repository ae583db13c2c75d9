import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { BlobSource } from "../src/index.ts";
import { cidOfBytes, createMemoryBlobs, once } from "../src/index.ts";
import { CHUNK_BYTES, WINDOW } from "../src/blobs/wire.ts";
import { addressOf, bytesOf, type Member, member, star, textOf, until } from "./world.ts";

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

test.each([0, 1, CHUNK_BYTES, CHUNK_BYTES * WINDOW + 1])(
  "a blob of %i bytes comes from a named peer as it is",
  async (length) => {
    const [a, b] = await star(["a", "b"]);
    const bytes = random(length);
    const cid = await a!.blobs.add(bytes);
    const got = await b!.blobs.fetch(cid, { from: [a!.peer] });
    expect(Buffer.compare(got, bytes)).toBe(0);
  },
);

test("a blob is found in the DHT by whoever knows its name", async () => {
  const [, a, b] = await star(["hub", "a", "b"]);
  const cid = await a!.blobs.add(bytesOf("found in the DHT"));
  await a!.blobs.provide(cid);
  expect(await b!.blobs.fetch(cid)).toEqual(bytesOf("found in the DHT"));
});

test("a blob that nobody holds, and a name that is none, give a sentence each", async () => {
  const [a, b] = await star(["a", "b"]);
  const cid = cidOfBytes(bytesOf("nobody has this"));
  await expect(b!.blobs.fetch(cid, { from: [a!.peer] })).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("missing") as string,
  });
  await expect(b!.blobs.fetch("bafy")).rejects.toMatchObject({ code: "BAD_ADDRESS" });
});

test("a blob over the reader's limit is refused before it is sent", async () => {
  const [a, b] = await star(["a", "b"]);
  const cid = await a!.blobs.add(random(2000));
  const options = { from: [a!.peer], maxBytes: 1999 };
  await expect(b!.blobs.fetch(cid, options)).rejects.toMatchObject({
    code: "NOT_FOUND",
    cause: { code: "TOO_LARGE" },
  });
});

test("a peer that may not fetch is told that the blob is missing", async () => {
  const a = await member("a", { mayFetch: () => false });
  const b = await member("b");
  await b.dial(addressOf(a));
  const cid = await a.blobs.add(bytesOf("secret"));
  await expect(b.blobs.fetch(cid, { from: [a.peer] })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("slow readers of a public blob take no more than half of the places", async () => {
  const [open, named] = [bytesOf("for all"), bytesOf("for one")].map(cidOfBytes) as [
    string,
    string,
  ];
  const friend = await member("friend");
  const source = createMemoryBlobs();
  await source.put(named, once(bytesOf("for one")));
  let isRead = false;
  const slow: BlobSource = {
    ...source,
    size: (cid) => (cid === open ? Promise.resolve(7) : source.size(cid)),
    async *get(cid) {
      isRead ||= cid === open;
      if (cid === open) await new Promise(() => undefined);
      yield* source.get(cid);
    },
  };
  const holder = await member("holder", {
    blobs: slow,
    limits: { blobTransfers: 2 },
    mayFetch: (peer, cid) => cid === open || peer === friend.peer,
  });
  const stranger = await member("stranger");
  for (const each of [friend, stranger]) await each.dial(addressOf(holder));
  const from = [holder.peer];
  const held = stranger.blobs.fetch(open, { from });
  const isGivenUp = expect(held).rejects.toThrow();
  await until(() => isRead, "the slow reader");
  await expect(friend.blobs.fetch(open, { from })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("busy") as string },
  });
  expect(textOf(await friend.blobs.fetch(named, { from }))).toBe("for one");
  await stranger.stop();
  await isGivenUp;
});

/** A source that says `size` and sends `bytes`, whatever it is asked for; then `fail`. */
function liar(size: number, bytes: Uint8Array, fail?: Error): BlobSource {
  return {
    size: async () => size,
    async *get(_cid, offset = 0) {
      yield bytes.subarray(offset);
      if (fail) throw fail;
    },
    put: async () => undefined,
  };
}

/** A reader connected to members that serve the given sources. */
async function readerOf(...sources: BlobSource[]): Promise<[Member, ...Member[]]> {
  const reader = await member("reader");
  const holders = await Promise.all(
    sources.map((blobs, i) => member(`holder ${i}`, { blobs, directory: "client" })),
  );
  for (const holder of holders) await reader.dial(addressOf(holder));
  return [reader, ...holders];
}

async function honest(bytes: Uint8Array): Promise<BlobSource> {
  const source = createMemoryBlobs();
  await source.put(cidOfBytes(bytes), once(bytes));
  return source;
}

test("bytes with another hash are refused, their sender is blamed, the next provider is asked", async () => {
  const bytes = random(700_000);
  const wrong = Uint8Array.from(bytes, (byte, i) => (i === 600_000 ? byte ^ 1 : byte));
  const [reader, bad, good] = await readerOf(liar(wrong.length, wrong), await honest(bytes));
  const from = [bad!.peer, good!.peer];
  const got = await reader.blobs.fetch(cidOfBytes(bytes), { from });
  expect(Buffer.compare(got, bytes)).toBe(0);
  const blamed = reader.events.filter(({ kind }) => kind === "offence");
  expect(blamed).toMatchObject([{ peer: bad!.peer, offence: "bad-blob" }]);
});

test("only liars: the error names the blob, and nothing is kept", async () => {
  const [reader, bad] = await readerOf(liar(5, bytesOf("wrong")));
  const cid = cidOfBytes(bytesOf("right"));
  const options = { from: [bad!.peer] };
  await expect(reader.blobs.fetch(cid, options)).rejects.toMatchObject({
    name: "NetworkError",
    message: expect.stringContaining(cid) as string,
  });
  await expect(reader.blobs.download(cid, options)).rejects.toThrow(cid);
});

test("a transfer that breaks off goes on at the next provider from where it was", async () => {
  const bytes = random(3_000_000);
  const cid = cidOfBytes(bytes);
  const offsets: number[] = [];
  const source = await honest(bytes);
  const counted: BlobSource = {
    ...source,
    get(name, offset = 0) {
      offsets.push(offset);
      return source.get(name, offset);
    },
  };
  const torn = liar(bytes.length, bytes.subarray(0, 1_500_000), new Error("disk gone"));
  const [reader, first, second] = await readerOf(torn, counted);
  const got = await reader.blobs.fetch(cid, { from: [first!.peer, second!.peer] });
  expect(Buffer.compare(got, bytes)).toBe(0);
  expect(offsets).toHaveLength(1);
  expect(offsets[0]).toBeGreaterThan(0);
});

test("a false start by one provider does not spoil the honest one after it", async () => {
  const bytes = random(1_000_000);
  const cid = cidOfBytes(bytes);
  const wrongStart = liar(bytes.length, new Uint8Array(400_000), new Error("gone"));
  const wrongSize = liar(999, new Uint8Array(100), new Error("gone"));
  const [reader, a, b, good] = await readerOf(wrongStart, wrongSize, await honest(bytes));
  const one = await reader.blobs.fetch(cid, { from: [a!.peer, good!.peer] });
  expect(Buffer.compare(one, bytes)).toBe(0);
  const two = await reader.blobs.fetch(cid, { from: [b!.peer, good!.peer] });
  expect(Buffer.compare(two, bytes)).toBe(0);
});

test("32 MiB stream into the source of a slow reader, while sender and reader hold at most the window", async () => {
  const TOTAL = 32 << 20;
  const piece = random(CHUNK_BYTES);
  const whole = Buffer.concat(Array.from({ length: TOTAL / CHUNK_BYTES }, () => piece));
  const cid = cidOfBytes(whole);
  let produced = 0;
  let consumed = 0;
  let ahead = 0;
  const sending: BlobSource = {
    size: async () => TOTAL,
    async *get() {
      for (; produced < TOTAL; produced += piece.length) yield piece;
    },
    put: async () => undefined,
  };
  const taking: BlobSource = {
    ...createMemoryBlobs(),
    async put(_cid, chunks) {
      for await (const chunk of chunks) {
        ahead = Math.max(ahead, produced - consumed);
        consumed += chunk.length;
        if (consumed % (8 << 20) === 0) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
  const holder = await member("holder", { blobs: sending });
  const reader = await member("reader", { blobs: taking });
  await reader.dial(addressOf(holder));
  await reader.blobs.download(cid, { from: [holder.peer] });
  expect(consumed).toBe(TOTAL);
  expect(ahead).toBeLessThanOrEqual((WINDOW + 2) * CHUNK_BYTES);
});

test("a holder that trickles is given up where a pace is asked for", async () => {
  const trickling: BlobSource = {
    ...liar(1 << 20, bytesOf("")),
    async *get() {
      for (;;) {
        yield new Uint8Array(1);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
  const holder = await member("holder", { blobs: trickling });
  const reader = await member("reader", { limits: { blobStall: 300 } });
  await reader.dial(addressOf(holder));
  const options = { from: [holder.peer], slowest: 10 << 20 };
  const fetching = reader.blobs.fetch(cidOfBytes(bytesOf("a node")), options);
  await expect(fetching).rejects.toMatchObject({ code: "NOT_FOUND", cause: { code: "TIMEOUT" } });
});

test("an aborted fetch ends at once and lets the holder go", async () => {
  const endless: BlobSource = {
    size: async () => 1 << 30,
    async *get() {
      for (;;) yield new Uint8Array(CHUNK_BYTES);
    },
    put: async () => undefined,
  };
  const [reader, holder] = await readerOf(endless);
  const signal = AbortSignal.timeout(100);
  const cid = cidOfBytes(bytesOf("endless"));
  const started = performance.now();
  await expect(reader.blobs.fetch(cid, { from: [holder!.peer], signal })).rejects.toThrow();
  expect(performance.now() - started).toBeLessThan(2000);
});
