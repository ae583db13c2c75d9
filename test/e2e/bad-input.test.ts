// Whatever is wrong is said in one sentence, with the exit code that tells whose fault it is; nothing is left behind.
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MINROOT, type Place, makePlace } from "./cli.ts";
import { type Daemon, becomeReady, startBroker, startMember, stop } from "./network.ts";

/** Nobody listens there: it is a privileged port. */
const NOBODY = "/ip4/127.0.0.1/tcp/1";

let place: Place;
let broker: Daemon;
let validator: Daemon;

beforeAll(async () => {
  place = await makePlace();
  await write("input.json", JSON.stringify({ z0: ["1", "2", "0"], count: 8 }));
  broker = await startBroker(place);
  validator = await startMember(place, broker, "validator", "validator");
});
afterAll(() => place[Symbol.asyncDispose]());

const write = (name: string, content: string): Promise<void> =>
  writeFile(join(place.path, name), content);

const prove = (...args: readonly string[]): Promise<Finished> =>
  place.run("prove", "-p", MINROOT, "-i", "input.json", "-o", "no.proof", ...args);

function expectFailure(finished: Finished, exitCode: number, sentence: RegExp): void {
  expect(finished.stderr).toMatch(sentence);
  expect(finished.stderr).not.toMatch(/fault of Foldmesh|\n\s+at /);
  expect(finished.stderr.match(/^error: /gm), finished.stderr).toHaveLength(1);
  expect(finished.code).toBe(exitCode);
}

describe("prove on the network", () => {
  it("with a wrong multiaddr", async () => {
    const refused = await prove("--dial", "localhost:4501");
    expectFailure(refused, 2, /expected a multiaddr such as .*, got "localhost:4501"/);
  });
  it("with nobody at the address", async () => {
    expectFailure(await prove("--dial", NOBODY), 4, /no broker was reached .*check the address/);
    const second = ["--bootstrap", NOBODY, "--bootstrap", "/ip4/127.0.0.1/tcp/2"];
    expectFailure(await prove("--network", ...second), 4, /tcp\/1.*tcp\/2/);
  });
  it("with options that do not fit together", async () => {
    expectFailure(await prove("--network"), 2, /name one with --bootstrap/);
    expectFailure(await prove("--bootstrap", NOBODY), 2, /add --network/);
    expectFailure(await prove("--dial", NOBODY, "--shards", "3"), 2, /--shards cannot be chosen/);
  });
  it("of a program that is not there", async () => {
    const args = ["-i", "input.json", "-o", "no.proof", "--dial", broker.address];
    expectFailure(await place.run("prove", "-p", "nowhere", ...args), 2, /cannot read .*nowhere/);
  });
  it("of an input that does not fit the program", async () => {
    await write("short.json", '{"z0": ["1"], "count": 8}');
    const refused = await prove("-i", "short.json", "--dial", broker.address);
    expectFailure(refused, 2, /z0 must have 3 elements, the program's state; it has 1/);
  });
  it("while nobody offers to prove", async () => {
    const failed = await prove("--dial", broker.address, "--deadline", "5s");
    expectFailure(failed, 4, /nobody bid for prove:0 .*wait until provers join/);
    expect(failed.stderr).toMatch(/nobody offers yet/);
  });
  it("finds the broker through any member", async () => {
    const failed = await prove("--dial", validator.address, "--deadline", "3s", "--json");
    expect(failed.stderr).toContain(`broker: …${broker.peer.slice(-8)}`);
    expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, error: { exitCode: 4 } });
  });
  it("leaves no proof behind", async () => {
    expect(await readdir(place.path)).not.toContain("no.proof");
  });
});

describe("start", () => {
  it("on a data directory that a daemon works on", async () => {
    const refused = await place.run("start", "--data", "broker", "--role", "broker");
    expectFailure(refused, 2, /a daemon is running on the data directory broker already/);
  });
  it("on a port that is taken", async () => {
    const refused = await place.run("start", "--data", "second", "--listen", broker.address);
    expectFailure(refused, 2, /cannot be listened on: something else listens there/);
  });
  it("with unusable options and files", async () => {
    await write("bad.json", '{"role": ["chef"], "thread": 1}');
    const start = (...args: readonly string[]): Promise<Finished> =>
      place.run("start", "--data", "third", ...args);
    expectFailure(await start("--config", "bad.json"), 2, /role\.0: .*Unrecognized key: "thread"/);
    expectFailure(
      await start("--config", "none.json"),
      2,
      /configuration none\.json cannot be read/,
    );
    expectFailure(await start("--role", "chef"), 2, /"chef" is no role/);
    expectFailure(await start("--listen", "4501"), 2, /expected a multiaddr/);
    expectFailure(await place.run("start", "--data", "input.json"), 2, /a file is in its place/);
  });
  it("with a bootstrap that cannot be reached: it says so, waits, and leaves when told", async () => {
    const args = ["--role", "validator", "--listen", "/ip4/127.0.0.1/tcp/0", "--bootstrap", NOBODY];
    const lonely = await becomeReady("lonely", place.start("start", "--data", "lonely", ...args));
    await lonely.said(/warn +bootstrap-failed .*ECONNREFUSED/);
    expect(await stop(lonely)).toBe(0);
  });
  it("after a daemon was killed, on its data directory: the same peer", async () => {
    validator.child.kill("SIGKILL");
    await validator.finished;
    const again = await startMember(place, broker, "validator", "validator");
    expect(again.peer).toBe(validator.peer);
    expect(await stop(again)).toBe(0);
  });
});

describe("keys and status", () => {
  it("keeps a key that only its owner can read", async () => {
    const { stdout, code } = await place.run("keys", "--data", "fresh", "--json");
    expect(code).toBe(0);
    const { peer, file } = JSON.parse(stdout) as { peer: string; file: string };
    expect(peer).toMatch(/^12D3KooW/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await place.run("keys", "--data", "fresh");
    expect(again.stdout).toContain(peer);
  });
  it("refuses a damaged key", async () => {
    await writeFile(join(place.path, "fresh", "node.key"), "short");
    expectFailure(await place.run("keys", "--data", "fresh"), 2, /must hold a key of 32 bytes/);
  });
  it("says when no daemon answers", async () => {
    expectFailure(await place.run("status", "--data", "fresh"), 4, /no daemon answers on .*fresh/);
    expectFailure(await place.run("peers", "--data", "fresh"), 4, /no daemon answers on .*fresh/);
  });
});
