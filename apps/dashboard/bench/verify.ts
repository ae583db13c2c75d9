// What verifying costs in a page and in Node, and what the page weighs:
//   node bench/verify.ts KEY PROOF Z0 ZN STEPS      (states as 1,2,0; key and proof as foldmesh writes them)

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type VerifyingKey, openKey, verify } from "@foldmesh/client/verify";
import { servePage } from "../src/serve/serve.ts";
import { findChromium, startChromium } from "../test/chromium.ts";

const [keyPath, proofPath, z0Text, znText, stepsText] = process.argv.slice(2);
if (stepsText === undefined) throw new Error("give KEY PROOF Z0 ZN STEPS");
const [keyFile, proof] = (await Promise.all([readFile(keyPath!), readFile(proofPath!)])).map(
  (bytes) => new Uint8Array(bytes),
) as [Uint8Array, Uint8Array];
const state = (text: string): bigint[] => text.split(",").map(BigInt);
const expected = { z0: state(z0Text!), zn: state(znText!), steps: Number(stepsText) };
const RUNS = 9;

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
const show = (name: string, value: string): void => console.log(`${name.padEnd(34)} ${value}`);
const ms = (time: number): string => `${time.toFixed(0)} ms`;

await weigh();
const inNode = await measureNode("fma51");
await measureNode("int29");
const executable = findChromium();
if (executable === undefined) console.log("no chromium: the page is not measured");
else await measurePage(executable);

async function weigh(): Promise<void> {
  const build = join(import.meta.dirname, "..", "build");
  const kernels = (await readdir(join(build, "kernels"))).filter((name) => !name.includes("int29"));
  const weight = async (paths: readonly string[]): Promise<string> => {
    const files = await Promise.all(paths.map((path) => readFile(join(build, path))));
    const packed = await Promise.all(files.map((bytes) => promisify(gzip)(bytes, { level: 9 })));
    const kB = (list: readonly Uint8Array[]): string =>
      `${(list.reduce((sum, { length }) => sum + length, 0) / 1000).toFixed(0)} kB`;
    return `${kB(files)}, ${kB(packed)} gzip`;
  };
  show("verifier.js (client/verify + r1cs)", await weight(["verifier.js"]));
  show("its kernels", await weight(kernels.map((name) => join("kernels", name))));
  show("page.js (libp2p and the page)", await weight(["page.js"]));
  show("key", `${keyFile.length} bytes`);
  show("proof", `${proof.length} bytes`);
}

async function measureNode(backend: "fma51" | "int29"): Promise<number> {
  const started = performance.now();
  const key: VerifyingKey = await openKey(keyFile, { backend });
  const opened = performance.now() - started;
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const verdict = await verify(key, proof, expected);
    times.push(performance.now() - start);
    if (!verdict.ok) throw new Error(verdict.reason);
  }
  const rows = 2 ** key.verifier.system.s;
  show(
    `Node, ${backend}, ${rows} rows`,
    `open ${ms(opened)}, first ${ms(times[0]!)}, then ${ms(median(times))}`,
  );
  return median(times);
}

async function measurePage(executablePath: string): Promise<void> {
  const server = await servePage();
  const browser = await startChromium(executablePath);
  try {
    const page = await browser.newPage();
    const started = performance.now();
    await page.goto(server.url, { waitUntil: "load" });
    show("page load", ms(performance.now() - started));
    const files = { key: [...keyFile], proof: [...proof] };
    const asked = {
      z0: expected.z0.map(String),
      zn: expected.zn.map(String),
      steps: expected.steps,
    };
    const { open, times } = await page.evaluate(
      async ({ files: { key, proof: bytes }, asked: { z0, zn, steps }, runs }) => {
        const worker = new Worker("verifier.js", { type: "module" });
        const call = (
          message: object,
        ): Promise<{ result: { digest: string; ms: number; verdict: { ok: boolean } } }> =>
          new Promise((resolve) => {
            worker.onmessage = ({ data }) => resolve(data as never);
            worker.postMessage({ id: 1, ...message });
          });
        const argument = { file: new Uint8Array(key), digest: undefined };
        const { result: info } = await call({ call: "open", argument });
        const list: number[] = [];
        const wanted = { z0: z0.map(BigInt), zn: zn.map(BigInt), steps };
        for (let run = 0; run < runs; run++) {
          const task = { key: info.digest, proof: new Uint8Array(bytes), asked: wanted };
          const { result } = await call({ call: "verify", argument: task });
          if (!result.verdict.ok) throw new Error("not verified");
          list.push(result.ms);
        }
        return { open: info.ms, times: list };
      },
      { files, asked, runs: RUNS },
    );
    show("Chromium", `open ${ms(open)}, first ${ms(times[0]!)}, then ${ms(median(times))}`);
    show("Chromium against Node", `${(median(times) / inNode).toFixed(2)} times`);
  } finally {
    await browser.close();
    await server.close();
  }
}
