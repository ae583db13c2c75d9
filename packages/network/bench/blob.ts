/* Blob transfer over loopback between two processes: node bench/blob.ts [--json] [MiB]. Prints MB/s, CPU, and memory in use and of the process. */
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { BlobSource, Network } from "../src/index.ts";
import { createMemoryBlobs, createNetwork } from "../src/index.ts";

const MIB = 2 ** 20;
const ROUNDS = 10;
const WATCH_EVERY = 32;

const join = (blobs: BlobSource): Promise<Network> =>
  createNetwork({
    privateKey: new Uint8Array(randomBytes(32)),
    listen: ["/ip4/127.0.0.1/tcp/0"],
    directory: "server",
    reach: "local",
    topics: [],
    blobs,
  });

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const rss = (): number => Math.round(process.memoryUsage().rss / MIB);

/** Bytes that are in use, not just uncollected: V8 lets some 64 MiB of dead buffers gather, whatever is transferred. */
async function live(): Promise<number> {
  collectGarbage();
  await sleep(20); // buffers are freed by another thread
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** While on, looks at the live memory again and again in the middle of a transfer. */
class Watch {
  #before = 0;
  #peak = 0;
  #pieces = 0;
  #on = false;

  async start(): Promise<void> {
    this.#before = this.#peak = await live();
    this.#on = true;
  }

  async piece(): Promise<void> {
    if (!this.#on || this.#pieces++ % WATCH_EVERY !== 0) return;
    this.#peak = Math.max(this.#peak, await live());
  }

  /** MiB above what was in use before */
  get grown(): number {
    return (this.#peak - this.#before) / MIB;
  }
}

/** Holds one blob of the same MiB repeated, so that its own memory shows what the transfer needs. */
async function hold(mebibytes: number): Promise<void> {
  const piece = new Uint8Array(randomBytes(MIB));
  const hash = createHash("sha256");
  const watch = new Watch();
  for (let i = 0; i < mebibytes; i++) hash.update(piece);
  const source: BlobSource = {
    size: () => Promise.resolve(mebibytes * MIB),
    async *get() {
      for (let i = 0; i < mebibytes; i++) {
        await watch.piece();
        yield piece;
      }
    },
    put: () => Promise.resolve(),
  };
  const network = await join(source);
  const digest = hash.digest("hex");
  process.send?.({ address: network.addresses()[0], peer: network.peer, digest });
  process.once("message", () => {
    void watch.start().then(() => process.send?.(0));
    process.once("message", () => {
      process.send?.(watch.grown);
      void network.stop().then(() => process.disconnect());
    });
  });
}

interface Hello {
  readonly address: string;
  readonly peer: string;
  readonly digest: string;
}

const message = <T>(child: ReturnType<typeof fork>): Promise<T> =>
  new Promise((resolve) => child.once("message", (data) => resolve(data as T)));

/** Downloads into a source that only counts; the hash is checked by the transfer. */
async function read(mebibytes: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["hold", String(mebibytes)]);
  const holder = await message<Hello>(child);
  const watch = new Watch();
  const sink: BlobSource = {
    ...createMemoryBlobs(),
    async put(_cid, chunks) {
      for await (const chunk of chunks) {
        void chunk;
        await watch.piece();
      }
    },
  };
  const network = await join(sink);
  await network.dial(holder.address);
  const { CID } = await import("multiformats/cid");
  const Digest = await import("multiformats/hashes/digest");
  const digest = Buffer.from(holder.digest, "hex");
  const cid = CID.createV1(0x55, Digest.create(0x12, new Uint8Array(digest))).toString();
  const before = rss();
  const seconds: number[] = [];
  const cpu: number[] = [];
  const grown: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const used = process.cpuUsage();
    await network.blobs.download(cid, { from: [holder.peer] });
    seconds.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1e6);
    grown.push(rss() - before);
  }
  child.send("watch");
  await message(child);
  await watch.start();
  await network.blobs.download(cid, { from: [holder.peer] });
  child.send("done");
  const held = await message<number>(child);
  const [best, usual] = [Math.min(...seconds), seconds.toSorted((a, b) => a - b)[ROUNDS >> 1]!];
  const rate = (time: number): string => ((mebibytes * MIB) / 1e6 / time).toFixed(0);
  const detail = [
    `${rate(usual)} MB/s, at best ${rate(best)}`,
    `${Math.min(...cpu).toFixed(2)} s of the reader's CPU`,
    `in use during a transfer: reader +${watch.grown.toFixed(1)}, holder +${held.toFixed(1)} MiB`,
    `the reader's process: +${grown[0]} MiB after 1 transfer, +${grown.at(-1)} after ${ROUNDS}`,
  ].join("; ");
  const figures = { name: "blob", size: `${mebibytes} MiB`, threads: 2, ms: usual * 1000, detail };
  console.log(json ? JSON.stringify(figures) : `${mebibytes} MiB: ${detail}`);
  await network.stop();
}

const words = process.argv.slice(2);
const json = words.includes("--json");
const size = Number(words.find((word) => /^\d+$/.test(word)) ?? 256);
if (words[0] === "hold") await hold(size);
else await read(size);
