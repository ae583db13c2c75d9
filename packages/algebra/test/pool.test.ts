import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Grumpkin, type WasmEngine, createEngine } from "../src/index.ts";
import { blocksOf, partsOf } from "../src/pool/messages.ts";
import { spawnNodeRank } from "../src/pool/node-worker.ts";
import { Pool, type RankWorker, type SpawnRank } from "../src/pool/pool.ts";
import { readModules } from "../src/wasm/load-node.ts";
import { drawElements } from "./edge-elements.ts";
import { type KnownBases, encode, expected, progression } from "./msm-cases.ts";

const N = 5000;

describe("a pool of ranks", () => {
  let engine: WasmEngine;
  let bases: KnownBases;
  let pool: Pool | undefined;
  beforeAll(async () => {
    engine = await createEngine({ load: readModules });
    bases = progression(Grumpkin, N + 1, 2n);
  });
  afterEach(() => pool?.close());

  const open = async (threads: number, spawn: SpawnRank = spawnNodeRank): Promise<Pool> =>
    (pool = await Pool.open({ engine, threads, spawn }));

  test.each([1, 2, 3])(
    "of %i threads gives what one engine gives, on several commitments at once",
    async (threads) => {
      const several = await open(threads);
      const key = engine.commitmentKey(Grumpkin, ...encode(bases));
      const lists = [N, 100, 0, 3001].map((n, i) => drawElements(Grumpkin.scalar, n, BigInt(i)));
      const results = await engine.scope(() =>
        Promise.all(
          lists.map((list, i) => several.commit(key, engine.Fq.fromElements(list), BigInt(i))),
        ),
      );
      expect(results).toEqual(lists.map((list, i) => expected(bases, list, BigInt(i))));
    },
  );

  test("may be closed while it works, and afterwards refuses", async () => {
    const closing = await open(2);
    const key = engine.commitmentKey(Grumpkin, ...encode(bases));
    const v = engine.Fq.fromElements(drawElements(Grumpkin.scalar, N, 1n));
    const underWay = closing.commit(key, v, 1n);
    await Promise.resolve(); // let it begin
    await Promise.resolve();
    await closing.close();
    await expect(underWay).rejects.toMatchObject({ code: "ABORTED" });
    for (const n of [N, 1]) {
      const again = closing.commit(key, engine.Fq.slice(v, 0, n), 1n);
      await expect(again).rejects.toMatchObject({ code: "ABORTED" });
    }
    expect(await engine.commit(key, v, 1n)).toEqual(
      expected(bases, await engine.Fq.toElements(v), 1n),
    );
  });

  test("says so when a thread dies", async () => {
    let die: ((error: unknown) => void) | undefined;
    const dying: RankWorker = {
      postMessage: () => die?.(new Error("out of memory")),
      listen: (_reply, fail) => (die = fail),
      terminate: async () => undefined,
    };
    await open(2, async () => dying);
    const key = engine.commitmentKey(Grumpkin, ...encode(bases));
    const v = engine.Fq.fromElements(drawElements(Grumpkin.scalar, N, 1n));
    await expect(pool!.commit(key, v, 1n)).rejects.toMatchObject({
      code: "ABORTED",
      cause: expect.objectContaining({ message: "out of memory" }),
    });
  });

  test("ends the threads that did start when one does not", async () => {
    let ended = 0;
    const started: RankWorker = {
      postMessage() {},
      listen() {},
      terminate: async () => void ended++,
    };
    let n = 0;
    const spawn: SpawnRank = async () => {
      if (n++ === 1) throw new Error("no more threads");
      return started;
    };
    await expect(Pool.open({ engine, threads: 3, spawn })).rejects.toThrow("no more threads");
    expect(ended).toBe(1);
  });
});

describe("parts", () => {
  test("cover every scalar once", () => {
    for (const [n, parts] of [
      [0, 1],
      [511, 1],
      [5000, 3],
      [4096, 4],
    ] as const) {
      const seen = Array.from({ length: parts }, (_, part) => blocksOf(n, part, parts))
        .flat()
        .flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  test("are not made of little", () => {
    expect([0, 1023, 2048, 1 << 16].map((n) => partsOf(n, 4))).toEqual([1, 1, 2, 4]);
  });
});
