import { afterAll, beforeAll, expect, it } from "vitest";
import { type Workplace, makeWorkplace, runCLI } from "./run-cli.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await makeWorkplace();
});
afterAll(() => workplace[Symbol.asyncDispose]());

it("bench --json prints one object a line, with the peer's time and the ratio", async () => {
  const { code, stdout } = await runCLI(["bench", "poseidon", "--quick", "--json"], workplace.path);
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).toEqual({
      name: "poseidon",
      size: expect.stringMatching(/^t=(3|17) ×\d+$/),
      threads: 1,
      ms: expect.any(Number),
      peer: expect.any(String),
      peerMs: expect.any(Number),
      ratio: expect.any(Number),
    });
  }
});
