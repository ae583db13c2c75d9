import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { R1CSError } from "@foldmesh/r1cs";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { against } from "../src/bench/benchmark.ts";
import { tableRow } from "../src/bench/print.ts";
import { leastTimes, median } from "../src/bench/timing.ts";
import { explain } from "../src/commands/verify.ts";
import { CLIError, describeError } from "../src/errors.ts";
import { cacheDirectory, userDirectory } from "../src/io/paths.ts";
import { openMemory } from "../src/remote/memory.ts";
import { duration, isLive, printable, toJSON } from "../src/io/terminal.ts";

describe("the user's directory", () => {
  const script = { npm_lifecycle_event: "foldmesh", npm_package_json: "/repo/package.json" };
  it("is where the package manager was called", () => {
    expect(userDirectory({ ...script, INIT_CWD: "/caller" }, "/repo")).toBe("/caller");
  });
  it("is the working directory outside of a script, or where a script's child went elsewhere", () => {
    expect(userDirectory({}, "/here")).toBe("/here");
    expect(userDirectory({ INIT_CWD: "/caller" }, "/here")).toBe("/here");
    expect(userDirectory({ ...script, INIT_CWD: "/caller" }, "/here")).toBe("/here");
  });
});

describe("the cache directory", () => {
  afterEach(() => vi.unstubAllEnvs());
  it("is what was asked for, else the environment's; what is empty is not given", () => {
    vi.stubEnv("FOLDMESH_CACHE", "/from/environment");
    expect(cacheDirectory("/asked")).toBe("/asked");
    expect(cacheDirectory("")).toBe("/from/environment");
    expect(cacheDirectory()).toBe("/from/environment");
    vi.stubEnv("FOLDMESH_CACHE", "");
    expect(cacheDirectory()).toMatch(/foldmesh/);
  });
});

describe("a terminal", () => {
  afterEach(() => vi.unstubAllEnvs());
  it("is drawn on only where it has a size", () => {
    vi.stubEnv("CI", "");
    vi.stubEnv("TERM", "xterm");
    expect(isLive({ isTTY: true, columns: 80, rows: 24 })).toBe(true);
    expect(isLive({ isTTY: true, columns: 80, rows: 0 })).toBe(false);
    expect(isLive({ isTTY: false, columns: 80, rows: 24 })).toBe(false);
  });
  it("is not steered by text from elsewhere", () => {
    expect(printable("red \u001B[31m\u202E,\n\tpläin")).toBe("red \\u{1b}[31m\\u{202e},\n\tpläin");
  });
});

describe("an error", () => {
  it("of ours becomes its sentence and exit code 2", () => {
    expect(describeError(new CLIError("FILE", "no such file"))).toEqual({
      exitCode: 2,
      code: "FILE",
      message: "no such file",
    });
    expect(describeError(new R1CSError("INPUT", "bad\n  input\n\nmore"))).toMatchObject({
      exitCode: 2,
      message: "bad input",
    });
  });
  it("that nobody foresaw is a fault, exit code 3", () => {
    expect(describeError(new Error("x"))).toMatchObject({ exitCode: 3, code: "FAULT" });
    expect(describeError(Object.assign(new Error("x"), { code: "ERR_ASSERTION" }))).toMatchObject({
      exitCode: 3,
    });
    expect(describeError("a string")).toMatchObject({ exitCode: 3 });
  });
  it("after Ctrl-C is the interruption", () => {
    const cause = {
      signal: "SIGINT",
      exitCode: 130,
      code: "ABORTED",
      message: "interrupted",
    } as const;
    expect(describeError(new Error("x"), cause)).toBe(cause);
  });
});

describe("what is remembered of a request", () => {
  const terms = { maxPrice: 300n, deadline: 1_800_000_000_000, broker: "12D3KooW" };
  const directory = mkdtemp(join(tmpdir(), "foldmesh-memory-"));
  afterAll(async () => rm(await directory, { recursive: true }));
  const open = async (name: string) => openMemory(join(await directory, "requests"), name);

  it("is there again after a start, until it is forgotten", async () => {
    const memory = await open("aa");
    expect(memory).toMatchObject({ places: [], terms: undefined });
    await memory.rememberTerms(terms);
    await memory.rememberPlaces(["/ip4/127.0.0.1/tcp/1"]);
    await memory.rememberPlaces(["/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1/tcp/1"]);
    const again = await open("aa");
    expect(again.terms).toEqual(terms);
    expect(again.places).toEqual(["/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1/tcp/1"]);
    await again.forget();
    expect(await open("aa")).toMatchObject({ places: [], terms: undefined });
  });

  it.each([
    ["no JSON", "{"],
    ["another thing", "[7]"],
    ["a price below nothing", '{"places":[],"maxPrice":"-5","deadline":1,"broker":"x"}'],
    ["no price", '{"places":[],"maxPrice":"","deadline":1,"broker":"x"}'],
    ["half of it", '{"places":["a",7],"maxPrice":"5"}'],
  ])("is nothing where its file is damaged: %s", async (_, text) => {
    const memory = await open("bb");
    await memory.rememberTerms(terms);
    await writeFile(join(await directory, "requests", "bb.json"), text);
    expect((await open("bb")).terms).toBeUndefined();
  });
});

describe("a failed statement", () => {
  const statement = { steps: 3, z0: [1n, 2n], zn: [3n, 4n], provenance: 0n };
  const failed = (...failures: string[]): Parameters<typeof explain>[0] => ({
    ok: false,
    failures,
    statement,
    ms: 1,
  });
  it("is told in the user's words", () => {
    const failures = failed("statement: z", "statement: z'", "statement: j", "U: commitment");
    expect(explain(failures, { z0: [1n, 9n], zn: [0n, 4n], steps: 5 })).toEqual([
      "z0: 1,9 was expected, the proof claims 1,2",
      "zn: 0,4 was expected, the proof claims 3,4",
      "steps: 5 was expected, the proof claims 3",
      "U: commitment",
    ]);
  });
  it("stays as it is where nothing was expected or claimed", () => {
    expect(explain(failed("statement: z"), {})).toEqual(["statement: z"]);
    expect(explain({ ...failed("statement: z"), statement: null }, { z0: [1n] })).toEqual([
      "statement: z",
    ]);
  });
});

describe("a measurement", () => {
  it("is compared with its peer", () => {
    const ours = { name: "msm-g1", size: "2^14", threads: 1, ms: 40 };
    expect(against(ours, "ffjavascript", 330)).toEqual({
      ...ours,
      peer: "ffjavascript",
      peerMs: 330,
      ratio: 8.25,
    });
  });
  it("is one line of the table", () => {
    const stages = { fold: 30, cyclefold: 10, witness: 20, commit: 40 };
    const merge = { name: "merge", size: "leaf+leaf", s: 15, threads: 1, ms: 214.4, stages };
    const shares = "fold 30 %, cyclefold 10 %, witness 20 %, commit 40 %";
    expect(tableRow(merge).split(/ {2,}/)).toEqual(["merge", "s=15 leaf+leaf", "1", "214", shares]);
    const job = { name: "job", threads: 2, ms: 12.345, peakBytes: 3 * 2 ** 29 };
    expect(tableRow(job).split(/ {2,}/)).toEqual(["job", "2", "12.3", "peak 1.5 GiB"]);
  });
  it("is the least time of turns taken side by side", async () => {
    const order: string[] = [];
    const times = await leastTimes([() => order.push("a"), () => order.push("b")], 2);
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(times).toHaveLength(2);
    expect(times.every((ms) => ms >= 0 && ms < 1000)).toBe(true);
  });
  it("may be summed up by its median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("text", () => {
  it("of durations and of JSON", () => {
    expect([35.4, 1200, 99_940, 125_000].map(duration)).toEqual([
      "35 ms",
      "1.2 s",
      "99.9 s",
      "2 min 5 s",
    ]);
    expect(toJSON({ z0: [1n, 2n ** 200n] })).toBe(`{"z0":["1","${2n ** 200n}"]}`);
  });
});
