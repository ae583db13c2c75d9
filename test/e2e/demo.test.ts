// What a newcomer sees first: the SHA-256 of a file, proved by a network of processes on this machine.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Place, makePlace } from "./cli.ts";

/** Nine blocks, padding included. */
const CONTENT = "A peer-to-peer proving network. ".repeat(16);

let place: Place;
beforeAll(async () => {
  place = await makePlace();
  await writeFile(join(place.path, "notes.txt"), CONTENT);
});
afterAll(() => place[Symbol.asyncDispose]());

const pidsIn = (text: string): number[] =>
  [...text.matchAll(/process (\d+)/g)].map((match) => Number(match[1]));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the demo", () => {
  it("proves the digest in nine shards on five processes, and leaves none of them", async () => {
    const { code, stdout, stderr } = await place.run("demo", "notes.txt", "--json");
    expect(code, stderr).toBe(0);
    const digest = createHash("sha256").update(CONTENT).digest("hex");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, digest, shards: 9, leaves: 9 });
    const { workers } = JSON.parse(stdout) as { workers: { name: string }[] };
    expect(workers.map(({ name }) => name)).toContain("aggregator");
    expect(workers.length).toBeGreaterThan(2);
    expect(pidsIn(stderr)).toHaveLength(5);
    expect(pidsIn(stderr).filter(isRunning)).toEqual([]);
  });

  it("stops in the middle on Ctrl-C, and leaves no process", async () => {
    const demo = place.start("demo", "notes.txt");
    await demo.said(/works on shard/);
    demo.child.kill("SIGINT");
    const { code, stderr } = await demo.finished;
    expect(code).toBe(130);
    expect(stderr).not.toMatch(/did not stop in order|fault/);
    expect(pidsIn(stderr).filter(isRunning)).toEqual([]);
  });

  it("takes its network with it when it is killed", async () => {
    const demo = place.start("demo", "notes.txt");
    await demo.said(/(?:process \d+[^]*){5}/);
    const pids = pidsIn(demo.output());
    demo.child.kill("SIGKILL");
    await demo.finished;
    await expect.poll(() => pids.filter(isRunning), { timeout: 15_000 }).toEqual([]);
  });

  it("says which process ended early, and stops the others", async () => {
    const demo = place.start("demo", "notes.txt");
    await demo.said(/works on shard/);
    const [, pid] = /^prover-2 .* process (\d+)/m.exec(demo.output())!;
    process.kill(Number(pid), "SIGKILL");
    const { code, stderr } = await demo.finished;
    expect(stderr).toMatch(/the process of prover-2 ended early/);
    expect(code).toBe(3);
    expect(pidsIn(stderr).filter(isRunning)).toEqual([]);
  });
});
