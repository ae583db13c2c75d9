import { fork } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { expect, test } from "vitest";
import { createNetwork } from "../src/index.ts";
import { addressOf, bytesOf, member, seedOf, star, textOf, TOPIC, until } from "./world.ts";

const ECHO = { name: "echo", requestLimit: 1000, replyLimit: 1000, timeout: 5000 };
const base = { directory: "server", reach: "local", topics: [TOPIC] } as const;

test("a stopped member leaves nothing that keeps its process alive", async () => {
  const child = fork(fileURLToPath(new URL("fixtures/start-stop.ts", import.meta.url)));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(code).toBe(0);
}, 20_000);

test("a stopped member has freed its port, and stopping twice is stopping once", async () => {
  const a = await member("a");
  const port = Number(addressOf(a).split("/")[4]);
  await Promise.all([a.stop(), a.stop()]);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
});

test("the same key gives the same peer, from a seed or from seed and public key", async () => {
  const a = await member("a");
  const { raw } = await generateKeyPairFromSeed("Ed25519", seedOf("a"));
  expect(raw).toHaveLength(64);
  await a.stop();
  const b = await member("a", { privateKey: raw });
  expect(b.peer).toBe(a.peer);
});

test.each([
  [{ privateKey: new Uint8Array(31) }, "BAD_CONFIG"],
  [{ listen: ["127.0.0.1:4001"] }, "BAD_ADDRESS"],
  [{ bootstrap: ["/ip4/127.0.0.1/tcp/none"] }, "BAD_ADDRESS"],
  [{ listen: ["/ip4/203.0.113.7/tcp/1"] }, "BAD_ADDRESS"],
])("%o is refused with a sentence", async (wrong, code) => {
  const config = { privateKey: seedOf("x"), ...base, ...wrong };
  await expect(createNetwork(config)).rejects.toMatchObject({ name: "NetworkError", code });
});

test("dialing nobody gives a sentence", async () => {
  const a = await member("a");
  await expect(a.dial("/ip4/127.0.0.1/tcp/1")).rejects.toMatchObject({ code: "UNREACHABLE" });
  await expect(a.dial("nonsense")).rejects.toMatchObject({ code: "BAD_ADDRESS" });
  const signal = AbortSignal.abort();
  await expect(a.dial("/ip4/127.0.0.1/tcp/1", { signal })).rejects.toMatchObject({
    code: "ABORTED",
  });
});

test("an unreachable bootstrap is reported, and reached once it is there", async () => {
  const first = await member("hub");
  const address = addressOf(first);
  await first.stop();
  const a = await member("a", { bootstrap: [address] });
  await until(() => a.events.some(({ kind }) => kind === "bootstrap-failed"), "the report");
  const listen = [address.replace(/\/p2p\/.*/, "")];
  await member("hub", { listen });
  await until(() => a.events.some(({ kind }) => kind === "bootstrapped"), "the bootstrap");
});

test("a kept peer is reconnected after it has been away", async () => {
  const a = await member("a");
  const b = await member("b");
  await a.dial(addressOf(b));
  await a.keepAlive(b.peer);
  const listen = [addressOf(b).replace(/\/p2p\/.*/, "")];
  await b.stop();
  await until(() => a.peers().length === 0, "the loss");
  await member("b", { listen });
  await until(() => a.peers().length === 1, "the return", 10_000);
});

test("a member is reached over WebSockets", async () => {
  const a = await member("a", { listen: ["/ip4/127.0.0.1/tcp/0/ws"] });
  const b = await member("b", { listen: [], directory: "client" });
  await a.handle(ECHO, (request) => request);
  await b.dial(addressOf(a));
  expect(addressOf(a)).toContain("/ws");
  expect(textOf(await b.call(a.peer, ECHO, bytesOf("over ws")))).toBe("over ws");
});

test("calls under way end when either side stops", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle(ECHO, () => new Promise<never>(() => undefined));
  const pending = b!.call(a!.peer, ECHO, bytesOf("x"));
  const outcome = expect(pending).rejects.toMatchObject({ name: "NetworkError" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await a!.stop();
  await outcome;
});

test("a kept peer that hangs up at once is left alone, and dialed again later", async () => {
  const a = await member("a");
  const b = await member("b");
  await a.dial(addressOf(b));
  await a.keepAlive(b.peer);
  const met = a.events.length;
  const meetings = (): number =>
    a.events.slice(met).filter(({ kind }) => kind === "connected").length;
  for (let i = 0; i < 2; i++) b.report(a.peer, "misconduct", "a test"); // bans it
  await until(() => meetings() >= 2, "a few attempts", 10_000);
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // some twenty attempts without rests
  expect(meetings()).toBeLessThan(8);
  const before = meetings();
  await until(() => meetings() > before, "a later attempt", 15_000);
});
