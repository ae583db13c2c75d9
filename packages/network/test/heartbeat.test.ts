import { type ChildProcess, fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type Member, member, until } from "./world.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/member.ts", import.meta.url));

interface Other {
  readonly child: ChildProcess;
  readonly peer: string;
}

/** Another process that `near` is connected to. */
async function connectedTo(near: Member, ...args: string[]): Promise<Other> {
  const child = fork(FIXTURE, args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = await new Promise<{ peer: string; address: string }>((resolve) =>
    child.once("message", (message) => resolve(message as { peer: string; address: string })),
  );
  await near.dial(said.address);
  const hasAnswered = (): boolean => near.peers().some(({ roundTrip }) => roundTrip !== undefined);
  await until(hasAnswered, "a first answer", 15_000);
  return { child, peer: said.peer };
}

const kinds = ({ events }: Member): string[] => events.map(({ kind }) => kind);

/** ms until `near` tells so. */
async function after(near: Member, kind: string): Promise<number> {
  const begun = performance.now();
  await until(() => kinds(near).includes(kind), kind, 15_000);
  return performance.now() - begun;
}

test("a frozen peer is silent after two seconds, and nothing is lost when it goes on", async () => {
  const near = await member("near");
  const { child, peer } = await connectedTo(near);
  child.kill("SIGSTOP");
  const time = await after(near, "silent");
  expect(near.peers()).toMatchObject([{ peer, silent: true }]);
  child.kill("SIGCONT");
  await after(near, "answering");
  expect(near.peers()).toMatchObject([{ peer, silent: false }]);
  expect(kinds(near)).not.toContain("disconnected");
  expect(time).toBeGreaterThan(1_400); // a ping may have been under way
});

test("one that stays silent is disconnected", async () => {
  const near = await member("near", { intervals: { ping: 100, silence: 300, pingTimeout: 900 } });
  const { child } = await connectedTo(near);
  child.kill("SIGSTOP");
  await after(near, "disconnected");
  expect(kinds(near)).toContain("silent");
});

test("a killed peer is gone at once", async () => {
  const near = await member("near");
  const { child } = await connectedTo(near);
  child.kill("SIGKILL");
  await after(near, "disconnected");
  expect(kinds(near)).not.toContain("silent");
});

test("a peer whose threads load all cores stays", async () => {
  const near = await member("near");
  await connectedTo(near, "busy");
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // longer than the silence it takes
  expect(kinds(near)).not.toContain("silent");
  expect(kinds(near)).not.toContain("disconnected");
});

test("time in which this process did not listen does not count", async () => {
  const near = await member("near");
  const { child } = await connectedTo(near);
  child.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 700)); // a ping is under way
  const waker = spawn("sh", ["-c", `sleep 1; kill -CONT ${child.pid}`]);
  onTestFinished(() => void waker.kill());
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500); // longer than the silence it takes
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(kinds(near)).not.toContain("silent");
});
