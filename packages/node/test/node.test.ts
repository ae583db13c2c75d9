// One node by itself: its start, its stop, and what stays.

import { expect, onTestFinished, test } from "vitest";
import type { NodeParts } from "../src/node.ts";
import { toyProver } from "./toy-prover.ts";
import { createWorld, until } from "./world.ts";

const TCP = (kind: string): boolean => kind.startsWith("TCP");

test("a stopped node leaves no socket, frees its port, and comes back as the same peer", async () => {
  const before = process.getActiveResourcesInfo().filter(TCP).length;
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const config = { roles: ["broker", "prover", "aggregator", "validator"] } as const;
  const parts = { prover: toyProver(), challenge: undefined };
  const first = await world.start("one", config, parts);
  const status = first.status();
  expect(status).toMatchObject({ peer: first.peer, jobs: [], leases: [], blobs: 0 });
  await Promise.all([world.stop(first), first.stop()]); // twice is once
  await until(
    () => process.getActiveResourcesInfo().filter(TCP).length <= before,
    "the end of all sockets",
  );
  const [address] = first.addresses;
  const listen = [address!.replace(/\/p2p\/.*/, "")];
  const again = await world.start("one", { ...config, listen }, parts);
  expect(again.peer).toBe(first.peer);
  expect(again.addresses).toEqual(first.addresses);
});

test("a node whose roles cannot start leaves nothing running", async () => {
  const before = process.getActiveResourcesInfo().filter(TCP).length;
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const board: NodeParts["board"] = (inner) => ({
    ...inner,
    listen(listener) {
      if (new Error("who asks?").stack?.includes("Worker.start")) throw new Error("not today");
      return inner.listen(listener);
    },
  });
  const start = world.start("one", { roles: ["prover"] }, { prover: toyProver(), board });
  await expect(start).rejects.toThrow("not today");
  await until(
    () => process.getActiveResourcesInfo().filter(TCP).length <= before,
    "the end of all sockets",
  );
});

test("an address that cannot be listened on is one sentence, and leaves nothing", async () => {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const start = world.start("one", { listen: ["/ip4/127.0.0.1/udp/nonsense"] });
  await expect(start).rejects.toMatchObject({ code: "BAD_ADDRESS" });
});
