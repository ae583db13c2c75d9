import { ProtocolError } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import { RequestRefused } from "../src/index.ts";
import { addressOf, bytesOf, member, star, textOf, until } from "./world.ts";

const ECHO = { name: "echo", requestLimit: 1000, replyLimit: 1000, timeout: 2000 };

test("a request reaches the other side and its reply comes back", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle(ECHO, (request, { peer }) => bytesOf(`${textOf(request)} from ${peer}`));
  const reply = await b!.call(a!.peer, ECHO, bytesOf("hello"));
  expect(textOf(reply)).toBe(`hello from ${b!.peer}`);
});

test("a refusal arrives with its code and message", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle(ECHO, () => {
    throw new RequestRefused("NO_SUCH_JOB", "there is no job 7");
  });
  await expect(b!.call(a!.peer, ECHO, bytesOf("7"))).rejects.toMatchObject({
    name: "RequestRefused",
    code: "NO_SUCH_JOB",
    message: "there is no job 7",
  });
  expect(a!.peers()[0]?.score).toBe(0);
});

test("what goes wrong in a handler is hidden from the caller and shown to the owner", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle(ECHO, () => {
    throw new Error("secret path /home/alice");
  });
  await expect(b!.call(a!.peer, ECHO, bytesOf("x"))).rejects.toMatchObject({
    code: "INTERNAL",
    message: expect.not.stringContaining("secret") as string,
  });
  expect(a!.events).toContainEqual(expect.objectContaining({ kind: "handler-failed" }));
});

test("a malformed request counts against its sender", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle(ECHO, () => {
    throw new ProtocolError("MALFORMED", "not DAG-CBOR");
  });
  await expect(b!.call(a!.peer, ECHO, bytesOf("x"))).rejects.toMatchObject({ code: "MALFORMED" });
  expect(a!.peers()[0]?.score).toBeLessThan(0);
});

test("an unknown method, an unknown peer and a silent handler are told apart", async () => {
  const [a, b] = await star(["a", "b"]);
  const call = (peer: string): Promise<unknown> => b!.call(peer, ECHO, bytesOf("x"));
  await expect(call(a!.peer)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await expect(call("12D3Koo")).rejects.toMatchObject({ code: "BAD_ADDRESS" });
  const stranger = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
  await expect(call(stranger)).rejects.toMatchObject({ name: "NetworkError" });
  await a!.handle(ECHO, () => new Promise<never>(() => undefined));
  const slow = { ...ECHO, timeout: 200 };
  await expect(b!.call(a!.peer, slow, bytesOf("x"))).rejects.toMatchObject({ code: "TIMEOUT" });
});

test("aborting a call tells the handler to stop", async () => {
  const [a, b] = await star(["a", "b"]);
  let stopped = false;
  await a!.handle(ECHO, (_request, { signal }) => {
    signal.addEventListener("abort", () => (stopped = true));
    return new Promise<never>(() => undefined);
  });
  const controller = new AbortController();
  const pending = b!.call(a!.peer, ECHO, bytesOf("x"), { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(pending).rejects.toMatchObject({ code: "ABORTED" });
  await until(() => stopped, "the handler to stop");
});

test("a reply over its limit is refused by the caller", async () => {
  const [a, b] = await star(["a", "b"]);
  await a!.handle({ ...ECHO, replyLimit: 100_000 }, () => new Uint8Array(50_000));
  await expect(b!.call(a!.peer, ECHO, bytesOf("x"))).rejects.toMatchObject({ code: "TOO_LARGE" });
});

test("requests beyond the rate are refused with a code, then accepted again", async () => {
  const limits = { requests: { perSecond: 50, burst: 5 } };
  const a = await member("a", { limits });
  const b = await member("b");
  await b.dial(addressOf(a));
  await a.handle(ECHO, (request) => request);
  const burst = await Promise.allSettled(
    Array.from({ length: 15 }, () => b.call(a.peer, ECHO, bytesOf("x"))),
  );
  const refused = burst.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(5);
  for (const each of refused) {
    expect(each).toMatchObject({ reason: { code: "RATE_LIMITED" } });
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(b.call(a.peer, ECHO, bytesOf("x"))).resolves.toEqual(bytesOf("x"));
});
