// The small parts of a daemon: what it is told, what it tells, and what is known of a job that runs elsewhere.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobEvent } from "@foldmesh/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEvent } from "../src/daemon/describe-event.ts";
import { type Entry, LEVELS, asJSON, asText, createLog } from "../src/daemon/log.ts";
import { settingsOf } from "../src/daemon/settings.ts";
import { advanceNetwork, emptyNetworkView, progressOf } from "../src/view/network-view.ts";
import { lineOfRemote, shortName, standingOf } from "../src/view/network-words.ts";
import { type Workplace, makeWorkplace } from "./run-cli.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await makeWorkplace();
});
afterAll(() => workplace[Symbol.asyncDispose]());

describe("a daemon's settings", () => {
  const file = async (config: object): Promise<string> => {
    const path = join(workplace.path, "deep", "node.json");
    await mkdir(join(workplace.path, "deep"), { recursive: true });
    await writeFile(path, JSON.stringify(config));
    return path;
  };

  it("have defaults", async () => {
    const settings = await settingsOf({}, undefined);
    expect(settings).toMatchObject({ role: ["prover", "aggregator"], bootstrap: [] });
    expect([settings.data, settings.cache].every((path) => path.startsWith("/"))).toBe(true);
  });
  it("come from the options first, then from the file; a role counts once", async () => {
    const path = await file({
      role: ["broker"],
      threads: 2,
      ask: "900",
      bootstrap: ["/ip4/1.2.3.4"],
    });
    const settings = await settingsOf({ role: ["prover", "prover"], threads: 3 }, path);
    const expected = { role: ["prover"], threads: 3, ask: 900n, bootstrap: ["/ip4/1.2.3.4"] };
    expect(settings).toMatchObject(expected);
  });
  it("name places beside their file", async () => {
    const path = await file({ data: "mine", cache: "../keys" });
    const settings = await settingsOf({}, path);
    expect(settings.data).toBe(join(workplace.path, "deep", "mine"));
    expect(settings.cache).toBe(join(workplace.path, "keys"));
  });
  it.each([
    [{ rolle: ["prover"] }, /rolle/],
    [{ threads: 0 }, /threads/],
    [{ ask: "-1" }, /ask/],
    [{ broker: { leaseMs: 0, stepsPerLeaf: 1.5 } }, /broker\.stepsPerLeaf: .*broker\.leaseMs: /],
    [[], /not usable/],
  ])("refuse %j", async (config, sentence) => {
    await expect(settingsOf({}, await file(config))).rejects.toThrow(sentence);
  });
});

describe("a daemon's log", () => {
  const at = new Date("2026-11-20T12:30:01.250Z");
  const PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

  it("leaves out what is below its level", () => {
    const told = (least: (typeof LEVELS)[number]): string[] => {
      const lines: string[] = [];
      const log = createLog({ least, format: ({ event }) => event, write: (l) => lines.push(l) });
      for (const level of ["debug", "info", "warn", "error"] as const) log({ level, event: level });
      return lines.map((line) => line.trimEnd());
    };
    expect(told("debug")).toEqual(["debug", "info", "warn", "error"]);
    expect(told("warn")).toEqual(["warn", "error"]);
    expect(told("silent")).toEqual([]);
  });
  it("is one JSON object a line, with errors as sentences and no bytes", () => {
    const fields = { amount: 3n, error: new Error("no\nway"), key: new Uint8Array(32) };
    const line = asJSON({ level: "warn", event: "lost", fields }, at);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      time: "2026-11-20T12:30:01.250Z",
      level: "warn",
      event: "lost",
      amount: "3",
      error: "no\nway",
      key: "32 bytes",
    });
  });
  it("shortens names, and is not steered by text from elsewhere", () => {
    const fields = { peer: PEER, task: "prove:0", reason: "bad \u001b[31mred\nline" };
    const line = asText({ level: "info", event: "job", fields }, at);
    expect(line).toContain(`peer=…${PEER.slice(-8)}`);
    expect(line).toContain("task=prove:0");
    for (const bad of ["\n", "\u001b[31m"]) expect(line).not.toContain(bad);
  });
  it("is louder about what goes wrong", () => {
    const levelOf = (event: Parameters<typeof describeEvent>[0]): Entry["level"] =>
      describeEvent(event).level;
    expect(levelOf({ kind: "connected", peer: PEER })).toBe("debug");
    expect(levelOf({ kind: "admitted", peer: PEER })).toBe("info");
    expect(levelOf({ kind: "bid-fault", job: "j", peer: PEER, fault: "no-reveal" })).toBe("warn");
    const rejected = { kind: "rejected", task: "prove:0", epoch: 1, peer: PEER, failures: [] };
    const update = { sequence: 0, at: 0, event: rejected as JobEvent };
    expect(describeEvent({ kind: "job", job: "j", update })).toMatchObject({
      level: "warn",
      event: "job-rejected",
    });
  });
});

describe("the view of a job on the network", () => {
  const [A, B] = ["peer-aaaaaaaa", "peer-bbbbbbbb"];
  const range = { start: 0, end: 4 };
  const work = { task: "prove:0", epoch: 1, peer: A! };
  const tell = (...events: readonly object[]): typeof emptyNetworkView =>
    events.reduce<typeof emptyNetworkView>(
      (view, event) =>
        advanceNetwork(view, {
          kind: "update",
          update: { sequence: 0, at: 0, event: event as JobEvent },
        }),
      emptyNetworkView,
    );
  const accepted = { kind: "accepted", steps: 4, stepsPerLeaf: 1, leaves: 4, constraints: 1 };
  const leased = { kind: "leased", ...work, range, price: 5n };

  it("knows how far each part is, and never goes back", () => {
    const view = tell(
      accepted,
      { kind: "planned", shards: [range] },
      leased,
      { kind: "progress", ...work, done: 3 },
      { kind: "progress", ...work, done: 2 },
    );
    expect(progressOf(view)).toEqual({
      leaves: { done: 3, total: 4 },
      merges: { done: 0, total: 0 },
    });
  });
  it("opens again what somebody lost, and remembers who", () => {
    const lost = tell(accepted, leased, { kind: "blamed", ...work, reason: "INVALID_NODE" });
    expect(lost.tasks.size).toBe(0);
    expect(lost.workers.get(A!)).toMatchObject({ won: 1, blamed: 1, paid: 0n });
  });
  it("hears of a part only from who holds it", () => {
    const view = tell(accepted, leased, { kind: "delivered", ...work, peer: B, bytes: 1 });
    expect(view.tasks.get("prove:0")).toMatchObject({ state: "leased", done: 0 });
  });
  it("adds up what is paid", () => {
    const paid = { kind: "paid", ...work, range, amount: 5n, receipt: "r" };
    const view = tell(accepted, leased, { kind: "verified", ...work, range, ms: 1 }, paid, {
      kind: "done",
      proof: "p",
      bytes: 1,
      paid: 5n,
    });
    expect(view).toMatchObject({ paid: 5n, end: "done" });
    expect(view.workers.get(A!)).toEqual({ won: 1, verified: 1, paid: 5n, blamed: 0 });
  });
  it("tells what a broker thinks of somebody", () => {
    expect(standingOf({ reputation: 333_333, convicted: false })).toBe("reputation 33 %");
    expect(standingOf({ reputation: 0, convicted: true })).toBe(
      "reputation 0 %, convicted of cheating",
    );
  });
  it("names the culprit and his fault in a line", () => {
    const event = { kind: "rejected", ...work, failures: ["statement: pid"] } as const;
    const line = lineOfRemote({ kind: "update", update: { sequence: 0, at: 0, event } }, shortName);
    expect(line).toBe("…aaaaaaaa delivered a bad prove:0: statement: pid");
  });
});
