// WebGPU in a browser's worker: Chromium's own software device computes what the kernels compute.

import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, startChromium } from "./chromium.ts";

const executable = findChromium();
const reason =
  executable === undefined ? " (skipped: no chromium on the PATH nor in $CHROMIUM)" : "";
if (executable === undefined) console.warn(`WebGPU in a browser${reason}`);

const TIME = 200_000; // SwiftShader compiles and runs slowly, and other tests share the machine
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
const KERNELS = join(import.meta.dirname, "..", "build", "kernels");
/** Kernels share memory between threads: pages may do that in isolation only. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

describe.skipIf(executable === undefined)(`WebGPU in Chromium${reason}`, () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([
      serve(await bundle()),
      startChromium(executable!, WEBGPU),
    ]);
  }, TIME);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test(
    "a worker's commitment on the GPU is the kernels'",
    async () => {
      const page = await browser.newPage();
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      const answer = await page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker("/worker.js", { type: "module" });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
          }),
      );
      expect(answer).toMatchObject({ same: true, events: ["opened 16x16 compact", "gpu"] });
    },
    TIME,
  );
});

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "gpu", "worker.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
    logLevel: "warning",
  });
  return outputFiles[0]!.text;
}

async function serve(worker: string): Promise<Server> {
  const server = createServer(async ({ url = "/" }, response) => {
    const [body, type] = await contentOf(url, worker);
    response.writeHead(200, { ...ISOLATED, "Content-Type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}

async function contentOf(url: string, worker: string): Promise<[string | Buffer, string]> {
  if (url === "/worker.js") return [worker, "text/javascript"];
  const kernel = /^\/kernels\/([\w-]+\.wasm)$/.exec(url)?.[1];
  if (kernel !== undefined) return [await readFile(join(KERNELS, kernel)), "application/wasm"];
  return ["<!doctype html><title>WebGPU</title>", "text/html"];
}
