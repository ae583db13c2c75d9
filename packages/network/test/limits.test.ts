import fc from "fast-check";
import type { Datastore } from "interface-datastore";
import { Key } from "interface-datastore";
import { expect, test } from "vitest";
import { BAN_SCORE, createOffenceBook, DISCONNECT_SCORE } from "../src/offences.ts";
import { createLimiter } from "../src/rate-limit.ts";
import { createRecordStore } from "../src/record-store.ts";

test("a limiter lets the burst through, then the rate, for each key on its own", () => {
  let now = 0;
  const allow = createLimiter({ perSecond: 10, burst: 3 }, () => now);
  expect([1, 2, 3, 4].map(() => allow("a"))).toEqual([true, true, true, false]);
  expect(allow("b")).toBe(true);
  now = 100;
  expect([allow("a"), allow("a")]).toEqual([true, false]);
  now = 10_000;
  expect([1, 2, 3, 4].map(() => allow("a"))).toEqual([true, true, true, false]);
});

test("however events arrive, no window holds more than burst and rate allow", () => {
  const arrivals = fc.array(fc.nat(50), { maxLength: 200 });
  const law = (gaps: number[], perSecond: number, burst: number): void => {
    let now = 0;
    const allow = createLimiter({ perSecond, burst }, () => now);
    const allowed = gaps.flatMap((gap) => ((now += gap), allow("peer") ? [now] : []));
    allowed.forEach((start, i) => {
      allowed.slice(i).forEach((end, j) => {
        expect(j + 1).toBeLessThanOrEqual(burst + ((end - start) * perSecond) / 1000 + 1e-6);
      });
    });
  };
  const sane = fc.integer({ min: 1, max: 100 });
  fc.assert(fc.property(arrivals, sane, sane, law), { numRuns: 50 });
});

test("many small offences add up as few large ones do, and are forgotten with time", () => {
  let now = 0;
  const book = createOffenceBook(() => now);
  const standings = Array.from({ length: 101 }, () => ((now += 1), book.add("peer", "flood")));
  expect(standings[0]).toBe("good");
  expect(standings[Math.abs(DISCONNECT_SCORE)]).toBe("disconnect");
  expect(standings.at(-1)).toBe("banned");
  expect(book.isBanned("peer")).toBe(true);
  now += 11 * 60_000;
  expect(book.isBanned("peer")).toBe(false);
  expect(book.score("peer")).toBeGreaterThan(BAN_SCORE / 10);
  now += 60 * 60_000;
  expect(book.score("peer")).toBe(0);
});

test("two forgeries ban", () => {
  const book = createOffenceBook(() => 0);
  expect([book.add("peer", "forged"), book.add("peer", "forged")]).toEqual(["good", "banned"]);
  expect(book.isBanned("another")).toBe(false);
});

const store = (maxRecords: number): Datastore => createRecordStore(maxRecords);
const names = async (records: Datastore, prefix: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const key of records.queryKeys({ prefix })) found.push(key.toString());
  return found;
};

test("records of others are bounded, the oldest goes first, and this node's own data stays", async () => {
  const records = store(3);
  const put = (name: string): unknown => records.put(new Key(name), Uint8Array.of(1));
  put("/peers/a");
  for (const name of ["1/a", "1/b", "2/a", "1/a", "3/a"]) put(`/dht/provider/${name}`);
  expect(await names(records, "/dht")).toEqual([
    "/dht/provider/2/a",
    "/dht/provider/1/a",
    "/dht/provider/3/a",
  ]);
  expect(await names(records, "/dht/provider/1")).toEqual(["/dht/provider/1/a"]);
  await records.delete(new Key("/dht/provider/1/a"));
  expect(await names(records, "/dht/provider/1")).toEqual([]);
  expect(records.has(new Key("/peers/a"))).toBe(true);
  expect(() => records.get(new Key("/dht/provider/1/a"))).toThrow("no record");
});
