import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PageServer, servePage } from "../src/serve/serve.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(new URL(path, server.url), init);

describe("the page's server", () => {
  test("hands out the page, isolated and with its own scripts only", async () => {
    const response = await get("");
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/<title>Foldmesh/);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "content-security-policy": expect.stringMatching(/default-src 'self'; script-src 'self'/),
    });
  });

  test("everything that the page names is there", async () => {
    const html = await (await get("")).text();
    const named = [...html.matchAll(/(?:src|href)="([^":]+)"/g)].map((match) => match[1]!);
    expect(named).toEqual(["style.css", "page.js"]);
    const others = ["verifier.js", "kernels/Fp-int29.wasm", "programs/minroot/step.r1cs"];
    for (const path of [...named, ...others]) expect((await get(path)).status, path).toBe(200);
    expect((await get("kernels/msm.wasm")).headers.get("content-type")).toBe("application/wasm");
    expect(html).not.toMatch(/https?:/); // no CDN
  });

  test("nothing else is", async () => {
    for (const path of ["nothing", "build", "%2e%2e/package.json"]) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect(await rawStatus("/../package.json")).toBe(404);
    expect(await rawStatus("/..%2fpackage.json")).toBe(404);
  });

  test("and it only reads", async () => {
    expect((await get("", { method: "POST" })).status).toBe(405);
    const head = await get("page.js", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
  });
});

/** `fetch` would tidy the path up. */
const rawStatus = (path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
