import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "../src/index.ts";
import type { TestStore } from "./schema.ts";
import { blobOf, cidOf, digestOf } from "./schema.ts";
import { collect, inPieces } from "./support.ts";

const QUOTA = 10_000;
const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const bytesOf = async (blobs: BlobStore, cid: string, offset?: number): Promise<Uint8Array> =>
  join(await collect(blobs.get(cid, offset)));

/** What every store's blobs do. `open` gives a new store with this quota, closed when the test ends. */
export function blobCompliance(name: string, open: (quota: number) => Promise<TestStore>): void {
  describe(`${name}: blobs`, () => {
    test("come back from any offset as they went in, in whatever pieces", async () => {
      const { blobs } = await open(2_000_000);
      const big = blobOf(1, 700_001);
      await blobs.put(cidOf(big), inPieces(big, 65_537));
      expect(await blobs.size(cidOf(big))).toBe(big.length);
      for (const offset of [0, 1, 262_144, big.length - 1, big.length]) {
        expect(digestOf(await bytesOf(blobs, cidOf(big), offset))).toBe(
          digestOf(big.subarray(offset)),
        );
      }
      const empty = await blobs.add(Uint8Array.of());
      expect(await blobs.size(empty)).toBe(0);
      expect(await blobs.read(empty)).toEqual(Uint8Array.of());
      expect(await bytesOf(blobs, empty)).toEqual(Uint8Array.of());
      expect(blobs.usage()).toMatchObject({ blobs: 2, bytes: big.length });
    });

    test("have one name in both codecs, and no other kind of name", async () => {
      const { blobs } = await open(QUOTA);
      const bytes = blobOf(1, 64);
      await blobs.add(bytes);
      const { CID } = await import("multiformats/cid");
      const asDAG = CID.createV1(0x71, CID.parse(cidOf(bytes)).multihash).toString();
      expect(await blobs.read(asDAG)).toEqual(bytes);
      await expect(blobs.size("nonsense")).rejects.toMatchObject({ code: "BAD_CID" });
      const v0 = CID.createV0(CID.parse(cidOf(bytes)).multihash as never).toString();
      await expect(blobs.size(v0)).rejects.toMatchObject({ code: "BAD_CID" });
    });

    test("that are not held are missing, and offsets past the end refused", async () => {
      const { blobs } = await open(QUOTA);
      const bytes = blobOf(1, 64);
      expect(await blobs.size(cidOf(bytes))).toBeUndefined();
      expect(await blobs.read(cidOf(bytes))).toBeUndefined();
      await expect(bytesOf(blobs, cidOf(bytes))).rejects.toMatchObject({ code: "NOT_FOUND" });
      await blobs.add(bytes);
      for (const offset of [65, -1, 0.5]) {
        await expect(bytesOf(blobs, cidOf(bytes), offset)).rejects.toMatchObject({
          code: "BAD_RANGE",
        });
      }
    });

    test("with other bytes, too many, too few or a source that breaks are not kept", async () => {
      const { blobs } = await open(QUOTA);
      const bytes = blobOf(1, 640);
      const cid = cidOf(bytes);
      const wrong = blobOf(2, 640);
      await expect(blobs.put(cid, inPieces(wrong, 64))).rejects.toMatchObject({ code: "BAD_BLOB" });
      for (const length of [639, 641]) {
        await expect(blobs.put(cid, inPieces(bytes, 64), { length })).rejects.toMatchObject({
          code: "BAD_BLOB",
        });
      }
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 320);
        throw new RangeError("the line is dead");
      };
      await expect(blobs.put(cid, broken())).rejects.toThrow(RangeError);
      expect(await blobs.size(cid)).toBeUndefined();
      expect(blobs.usage()).toMatchObject({ blobs: 0, bytes: 0 });
      await blobs.put(cid, inPieces(bytes, 64), { length: 640 });
      expect(await blobs.read(cid)).toEqual(bytes);
    });

    test("can be written by several at once, honest and not", async () => {
      const { blobs } = await open(QUOTA);
      const bytes = blobOf(1, 1600);
      const cid = cidOf(bytes);
      const puts = [bytes, blobOf(2, 1600), bytes, bytes].map((each, i) =>
        blobs.put(cid, inPieces(each, 100 + i)),
      );
      const results = await Promise.allSettled(puts);
      expect(results.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
      ]);
      expect(await blobs.read(cid)).toEqual(bytes);
      expect(blobs.usage()).toMatchObject({ blobs: 1, bytes: 1600 });
    });

    test("that are held are not asked for again", async () => {
      const { blobs } = await open(QUOTA);
      const cid = await blobs.add(blobOf(1, 64));
      const never = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.reject<Uint8Array>(new Error("the source was read"));
      };
      await expect(blobs.put(cid, never())).resolves.toBeUndefined();
    });
  });

  describe(`${name}: the quota`, () => {
    test("is made room for by the blobs longest unused, never by pinned ones", async () => {
      const { blobs } = await open(QUOTA);
      const cids = [];
      for (let i = 0; i < 5; i++) cids.push(await blobs.add(blobOf(i, 2000)));
      const [first, second] = cids as [string, string];
      await blobs.pin("job", [second]);
      await bytesOf(blobs, first); // used: no longer the oldest
      await blobs.add(blobOf(9, 3000));
      const held = await Promise.all(cids.map((cid) => blobs.size(cid)));
      expect(held).toEqual([2000, 2000, undefined, undefined, 2000]);
      expect(blobs.usage()).toMatchObject({ bytes: 9000, pinnedBytes: 2000 });
    });

    test("is refused with nothing given way when pins leave no room", async () => {
      const { blobs } = await open(QUOTA);
      const [needed, spare] = [await blobs.add(blobOf(1, 6000)), await blobs.add(blobOf(2, 2000))];
      await blobs.pin("job", [needed]);
      const big = blobOf(3, 4001);
      const full = { code: "STORE_FULL" };
      await expect(
        blobs.put(cidOf(big), inPieces(big, 100), { length: 4001 }),
      ).rejects.toMatchObject(full);
      expect(await blobs.size(spare)).toBe(2000);
      await expect(blobs.put(cidOf(big), inPieces(big, 100))).rejects.toMatchObject(full);
      await expect(blobs.add(blobOf(4, QUOTA + 1))).rejects.toMatchObject(full);
      expect(await blobs.size(needed)).toBe(6000);
      await blobs.release("job");
      await blobs.add(big);
      expect(await blobs.size(needed)).toBeUndefined();
      expect(blobs.usage().pinnedBytes).toBe(0);
    });

    test("counts what is being written", async () => {
      const { blobs } = await open(QUOTA);
      const slow = blobOf(1, 6000);
      const gate = Promise.withResolvers<void>();
      const trickle = async function* (): AsyncGenerator<Uint8Array> {
        yield slow.subarray(0, 3000);
        await gate.promise;
        yield slow.subarray(3000);
      };
      const writing = blobs.put(cidOf(slow), trickle(), { length: 6000 });
      await expect.poll(() => blobs.usage().bytes).toBe(6000);
      await expect(blobs.add(blobOf(2, 4001))).rejects.toMatchObject({ code: "STORE_FULL" });
      gate.resolve();
      await writing;
      expect(blobs.usage()).toMatchObject({ blobs: 1, bytes: 6000 });
    });

    test("holds under random use, and the accounts add up", async () => {
      const kinds = fc.constantFrom("add", "pin", "unpin", "release", "remove", "read");
      const uses = fc.array(
        fc.record({ kind: kinds, blob: fc.nat({ max: 7 }), owner: fc.constantFrom("a", "b") }),
        { maxLength: 40 },
      );
      const check = async (
        list: { kind: string; blob: number; owner: string }[],
      ): Promise<void> => {
        const { blobs } = await open(QUOTA);
        const pinned = new Map<string, Set<number>>([
          ["a", new Set()],
          ["b", new Set()],
        ]);
        for (const { kind, blob, owner } of list) {
          const bytes = blobOf(blob, 1000 + blob * 500);
          const cid = cidOf(bytes);
          const own = pinned.get(owner) as Set<number>;
          if (kind === "add") await blobs.add(bytes).catch(expectFull);
          if (kind === "read") expect((await blobs.read(cid)) ?? bytes).toEqual(bytes);
          if (kind === "pin") await blobs.pin(owner, [cid]).then(() => own.add(blob));
          if (kind === "unpin") await blobs.unpin(owner, [cid]).then(() => own.delete(blob));
          if (kind === "release") await blobs.release(owner).then(() => own.clear());
          const isPinned = [...pinned.values()].some((set) => set.has(blob));
          if (kind === "remove" && !isPinned) await blobs.remove(cid);
          await checkAccounts(blobs, pinned);
        }
      };
      await fc.assert(fc.asyncProperty(uses, check), { numRuns: 12 });
    });

    test("does not let pinned blobs be removed", async () => {
      const { blobs } = await open(QUOTA);
      const cid = cidOf(blobOf(1, 64));
      await blobs.pin("job", [cid]); // before it is here
      await blobs.pin("other", [cid]);
      await blobs.add(blobOf(1, 64));
      await blobs.release("job");
      await expect(blobs.remove(cid)).rejects.toMatchObject({ code: "PINNED" });
      expect(blobs.owners()).toEqual(["other"]);
      await blobs.unpin("other", [cid]);
      expect(await blobs.remove(cid)).toBe(true);
      expect(await blobs.remove(cid)).toBe(false);
    });

    test("closes with the store, also for writes under way", async () => {
      const store = await open(QUOTA);
      const { blobs } = store;
      const bytes = blobOf(1, 2000);
      const closing = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 1000);
        await store.close();
        yield bytes.subarray(1000);
      };
      await expect(blobs.put(cidOf(bytes), closing())).rejects.toMatchObject({ code: "CLOSED" });
      await expect(blobs.size(cidOf(bytes))).rejects.toMatchObject({ code: "CLOSED" });
      await expect(blobs.pin("job", [cidOf(bytes)])).rejects.toMatchObject({ code: "CLOSED" });
    });
  });
}

function expectFull(thrown: unknown): void {
  expect(thrown).toMatchObject({ code: "STORE_FULL" });
}

async function checkAccounts(
  blobs: BlobStore,
  pinned: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<void> {
  const usage = blobs.usage();
  let [bytes, pinnedBytes, count] = [0, 0, 0];
  for (let blob = 0; blob < 8; blob++) {
    const size = await blobs.size(cidOf(blobOf(blob, 1000 + blob * 500)));
    if (size === undefined) continue;
    bytes += size;
    count += 1;
    if ([...pinned.values()].some((set) => set.has(blob))) pinnedBytes += size;
  }
  expect(usage).toEqual({ blobs: count, bytes, pinnedBytes, maxBytes: QUOTA });
  expect(bytes).toBeLessThanOrEqual(QUOTA);
}
