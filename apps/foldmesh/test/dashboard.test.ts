// The page's server and the verifying key, by the command line.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { programDir } from "@foldmesh/programs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Workplace, makeWorkplace, runCLI, startCLI } from "./run-cli.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await makeWorkplace();
});
afterAll(() => workplace[Symbol.asyncDispose]());

/** One that nobody listens on, at this moment. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

it("dashboard serves the page until it is interrupted", async () => {
  const port = await freePort();
  const running = startCLI(
    ["dashboard", "--port", port, "--dial", "/ip4/192.0.2.1/tcp/1/ws"],
    workplace.path,
  );
  const url = await new Promise<string>((resolve, reject) => {
    running.child.stdout?.on("data", (chunk) => {
      const [found] = /http:\S+/.exec(String(chunk)) ?? [];
      if (found !== undefined) resolve(found);
    });
    void running.finished.then(({ stderr }) => reject(new Error(stderr)));
  });
  expect(url).toBe(`http://127.0.0.1:${port}/?dial=%2Fip4%2F192.0.2.1%2Ftcp%2F1%2Fws`);
  expect(await (await fetch(url)).text()).toContain("<title>Foldmesh</title>");

  const second = await runCLI(["dashboard", "--port", port], workplace.path);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(`port ${port} of 127.0.0.1 cannot be listened on`);

  running.child.kill("SIGINT");
  expect((await running.finished).code).toBe(0);
});

it("program key writes the verifying key and tells its name", async () => {
  const args = ["program", "key", programDir("minroot"), "-k", "2", "--out", "minroot.key"];
  const { code, stdout } = await runCLI([...args, "--json"], workplace.path);
  expect(code).toBe(0);
  const told = JSON.parse(stdout) as { digest: string; bytes: number; stepsPerLeaf: number };
  const file = await readFile(join(workplace.path, "minroot.key"));
  expect(told).toMatchObject({
    stepsPerLeaf: 2,
    bytes: file.length,
    digest: createHash("sha256").update(file).digest("hex"),
  });
});
