/* Blob transfer over loopback between two processes: node bench/blob.ts [--json] [MiB]. Prints MB/s, CPU and memory. */
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { BlobSource, Network } from "../src/index.ts";
import { createMemoryBlobs, createNetwork } from "../src/index.ts";

const MIB = 2 ** 20;
const ROUNDS = 5;

const join = (blobs: BlobSource): Promise<Network> =>
  createNetwork({
    privateKey: new Uint8Array(randomBytes(32)),
    listen: ["/ip4/127.0.0.1/tcp/0"],
    directory: "server",
    reach: "local",
    topics: [],
    blobs,
  });

const rss = (): number => Math.round(process.memoryUsage().rss / MIB);

/** Holds one blob of the same MiB repeated, so that its own memory shows what the transfer needs. */
async function hold(mebibytes: number): Promise<void> {
  const piece = new Uint8Array(randomBytes(MIB));
  const hash = createHash("sha256");
  for (let i = 0; i < mebibytes; i++) hash.update(piece);
  const source: BlobSource = {
    size: () => Promise.resolve(mebibytes * MIB),
    async *get() {
      for (let i = 0; i < mebibytes; i++) yield piece;
    },
    put: () => Promise.resolve(),
  };
  const network = await join(source);
  const digest = hash.digest("hex");
  process.send?.({ address: network.addresses()[0], peer: network.peer, digest, rss: rss() });
  process.on("message", () => {
    process.send?.({ rss: rss() });
    void network.stop().then(() => process.disconnect());
  });
}

interface Hello {
  readonly address: string;
  readonly peer: string;
  readonly digest: string;
  readonly rss: number;
}

const message = <T>(child: ReturnType<typeof fork>): Promise<T> =>
  new Promise((resolve) => child.once("message", (data) => resolve(data as T)));

/** Downloads into a source that only counts; the hash is checked by the transfer. */
async function read(mebibytes: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["hold", String(mebibytes)]);
  const holder = await message<Hello>(child);
  const sink: BlobSource = {
    ...createMemoryBlobs(),
    async put(_cid, chunks) {
      for await (const chunk of chunks) void chunk;
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
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const used = process.cpuUsage();
    await network.blobs.download(cid, { from: [holder.peer] });
    seconds.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1e6);
  }
  child.send("done");
  const after = await message<Hello>(child);
  const grown = `the reader grew by ${rss() - before} MiB, the holder by ${after.rss - holder.rss} MiB`;
  const [best, usual] = [Math.min(...seconds), seconds.toSorted((a, b) => a - b)[ROUNDS >> 1]!];
  const rate = (time: number): string => ((mebibytes * MIB) / 1e6 / time).toFixed(0);
  const least = Math.min(...cpu).toFixed(2);
  const detail = `${rate(usual)} MB/s, at best ${rate(best)}; ${least} s of the reader's CPU; over ${ROUNDS} transfers ${grown}`;
  const figures = { name: "blob", size: `${mebibytes} MiB`, threads: 2, ms: usual * 1000, detail };
  console.log(json ? JSON.stringify(figures) : `${mebibytes} MiB: ${detail}`);
  await network.stop();
}

const words = process.argv.slice(2);
const json = words.includes("--json");
const size = Number(words.find((word) => /^\d+$/.test(word)) ?? 256);
if (words[0] === "hold") await hold(size);
else await read(size);
