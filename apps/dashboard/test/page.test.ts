// The page in a real browser: a job on a real network, verified in the page; gateways that lie; files.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { minroot, programDir } from "@foldmesh/programs";
import { PROGRAM_FILES } from "@foldmesh/r1cs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PageServer, servePage } from "../src/serve/serve.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { startGateway } from "./gateway.ts";
import { startWorld } from "./network.ts";

const executable = findChromium();
const reason =
  executable === undefined ? " (skipped: no chromium on the PATH nor in $CHROMIUM)" : "";
if (executable === undefined) console.warn(`page tests${reason}`);

const Z0 = [1n, 2n, 0n] as const;
const STEPS = 4;
const STEPS_PER_LEAF = 2;
const ZN = minroot(Z0, STEPS);
const TIME = 150_000; // other tests share the machine

describe.skipIf(executable === undefined)(`the page in Chromium${reason}`, () => {
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  /** from the honest job */
  let proof: Buffer;
  let keyFile: Buffer;
  const faults: string[] = [];

  beforeAll(async () => {
    [server, browser] = await Promise.all([servePage(), startChromium(executable!)]);
    page = await browser.newPage();
    page.setDefaultTimeout(TIME);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // a node that has been stopped is called again in vain
      if (message.type() === "error" && !message.text().startsWith("WebSocket connection to")) {
        faults.push(message.text());
      }
    });
  }, TIME);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const prove = async (address: string, z0: readonly bigint[] = Z0): Promise<void> => {
    await page.goto(`${server.url}?dial=${encodeURIComponent(address)}`);
    await page.getByLabel("Input").fill(JSON.stringify({ z0: z0.map(String), count: STEPS }));
    await page.getByRole("button", { name: "Prove" }).click();
  };

  const verdict = async (): Promise<string> => {
    const box = page.locator("#verdict[data-ok]");
    const trouble = page.locator('[role="status"][data-tone="bad"]');
    await box
      .or(trouble)
      .first()
      .waitFor()
      .catch(() => {});
    if (await box.isVisible()) return box.innerText();
    throw new Error(`no verdict; the page says: ${await page.locator("main").innerText()}`);
  };

  test(
    "orders a proof, shows who works on it, and verifies the result by itself",
    async () => {
      await using world = await startWorld(STEPS_PER_LEAF);
      await prove(world.address);
      const sold = page.locator("#log").getByText(/sold prove:0 to/);
      await sold.waitFor();
      await page.reload(); // the job goes on, and the page finds it again
      await sold.waitFor();
      expect(await verdict()).toMatch(/^Proved\. Verified in this page in \d+ ms\./);
      expect(await page.locator("#verdict [data-zn]").getAttribute("data-zn")).toBe(ZN.join(","));

      const states = await page
        .locator(".task")
        .evaluateAll((rows) =>
          rows.map((row) => [row.dataset["task"], row.dataset["state"]].join(" ")),
        );
      expect(states.toSorted()).toEqual(["compress verified", "prove:0 verified"]);
      const log = await page.locator("#log").innerText();
      for (const said of [/auction of prove:0/, /sold prove:0 to/, /was paid/, /done: a proof/]) {
        expect(log).toMatch(said);
      }
      expect(await page.locator("#members").innerText()).toMatch(/aggregator, prover/);
      expect(await page.locator("#key-status").innerText()).toMatch(/derived in this page/);

      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByText("Save the proof").click(),
      ]);
      proof = await readFile(await download.path());
      expect(proof.length).toBeLessThan(10_240);
      keyFile = Buffer.from(
        await page.evaluate(async () => {
          const shelf = await caches.open("verifying-keys-v1");
          const [name] = await shelf.keys();
          return [...(await (await shelf.match(name!))!.bytes())];
        }),
      );
    },
    TIME,
  );

  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy.set([copy.at(at)! ^ 1], at < 0 ? copy.length + at : at);
    return copy;
  };

  /** The header's word for the steps in a leaf, behind magic, version, form and program digest. */
  const withLeavesOf = (stepsPerLeaf: number): Uint8Array => {
    const copy = Uint8Array.from(proof);
    new DataView(copy.buffer).setUint32(9 + 32, stepsPerLeaf);
    return copy;
  };

  /** What the page says of a gateway that answers so. */
  async function toldOf(answer: Uint8Array, z0: readonly bigint[] = Z0): Promise<string> {
    const gateway = await startGateway(answer, STEPS_PER_LEAF);
    try {
      await prove(gateway.address, z0);
      return await verdict();
    } finally {
      await gateway.close();
    }
  }

  test.each([
    ["a true proof of something else", () => proof, [7n, 2n, 0n], /another start than z0/],
    ["a truncated proof", () => proof.subarray(0, 5_000), Z0, /expected \d+ bytes, got \d+/],
    ["an altered proof", () => flipped(proof, -1), Z0, /form|opening/],
    ["smaller leaves than were proved", () => withLeavesOf(1), Z0, /number of steps per leaf/],
    ["leaves too large for a page", () => withLeavesOf(2 ** 30), Z0, /has leaves of 1073741824/],
    ["noise", () => proof.map((x, i) => x ^ i), Z0, /does not begin with FMPROOF/],
  ])(
    "a gateway that answers with %s is found out",
    async (_, lie, z0, why) => {
      const told = await toldOf(Uint8Array.from(lie()), z0);
      expect(told).toMatch(/^NOT PROVED\. The gateway's proof does not show what you asked for\./);
      expect(told).toMatch(why);
      expect(await page.locator("#verdict").getAttribute("data-ok")).toBe("false");
    },
    TIME,
  );

  test(
    "takes a program from the visitor's disk, and a proof from anybody",
    async () => {
      const gateway = await startGateway(Uint8Array.from(proof), STEPS_PER_LEAF);
      const files = ["program.json", ...PROGRAM_FILES].map((name) =>
        join(programDir("minroot"), name),
      );
      const proveWith = async (chosen: readonly string[]): Promise<void> => {
        await page.getByLabel("Program", { exact: true }).selectOption("files");
        await page.locator("#program-files").setInputFiles([...chosen]);
        await page.getByRole("button", { name: "Prove" }).click();
      };
      try {
        await page.goto(`${server.url}?dial=${encodeURIComponent(gateway.address)}`);
        await page.getByLabel("Input").fill(JSON.stringify({ z0: Z0.map(String), count: STEPS }));
        await proveWith(files.slice(0, 2));
        await page.getByText("step.wasm is missing: choose all of program.json").waitFor();
        await proveWith(files);
        expect(await verdict()).toMatch(/^Proved/);
      } finally {
        await gateway.close();
      }
    },
    TIME,
  );

  const check = async (files: {
    proof: Uint8Array;
    steps?: number;
    digest?: string;
  }): Promise<void> => {
    await page.locator("details").evaluate((details) => details.setAttribute("open", ""));
    const file = (name: string, bytes: Uint8Array) => ({
      name,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes),
    });
    await page.locator("#key-file").setInputFiles(file("key", keyFile));
    await page.locator("#proof-file").setInputFiles(file("proof", files.proof));
    await page.locator("#key-digest").fill(files.digest ?? "");
    await page.locator("#check-z0").fill(Z0.join(","));
    await page.locator("#check-zn").fill(ZN.join(","));
    await page.locator("#check-steps").fill(String(files.steps ?? STEPS));
    await page.getByRole("button", { name: "Verify", exact: true }).click();
  };

  test(
    "verifies files, in a page that is not isolated too",
    async () => {
      const plain = await browser.newPage();
      await plain.route("**/*", async (route) => {
        const response = await route.fetch();
        const {
          "cross-origin-opener-policy": _,
          "cross-origin-embedder-policy": __,
          ...headers
        } = response.headers();
        await route.fulfill({ response, headers });
      });
      page = plain;
      await page.goto(server.url);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      await check({ proof });
      expect(await verdict()).toMatch(/^Proved/);
      await check({ proof: flipped(proof, 3_000) });
      await page.locator('#verdict[data-ok="false"]').waitFor();
      await check({ proof, steps: STEPS + 2 });
      await page.getByText("another number of steps").waitFor();
      await check({ proof, digest: "00".repeat(32) });
      await page.getByText(/its SHA-256 is [0-9a-f]{64}, expected 0{64}/).waitFor();
    },
    TIME,
  );

  test("nothing went wrong behind the scenes", () => expect(faults).toEqual([]));
});
