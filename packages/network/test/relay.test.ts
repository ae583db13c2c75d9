// Members that cannot be dialled: reached through a relay. And members that find each other without being told of anybody.
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { addressOf, bytesOf, member, textOf, until } from "./world.ts";

const ECHO = { name: "echo", requestLimit: 1000, replyLimit: 1000, timeout: 10_000 };

test("a member that only listens through a relay is dialled there and answers", async () => {
  const relay = await member("relay", { relay: "serve" });
  const home = await member("home", { listen: [], relay: "use" });
  await home.handle(ECHO, (request) => request);
  await home.dial(addressOf(relay));
  const isThrough = (address: string): boolean => address.includes("/p2p-circuit");
  await until(() => home.addresses().some(isThrough), "a reservation at the relay", 30_000);
  const address = home.addresses().find(isThrough)!;
  const caller = await member("caller", { listen: [], relay: "use" });
  expect(await caller.dial(address)).toBe(home.peer);
  expect(caller.peers().find(({ peer }) => peer === home.peer)!.address).toContain("/p2p-circuit");
  expect(textOf(await caller.call(home.peer, ECHO, bytesOf("through the relay")))).toBe(
    "through the relay",
  );
}, 60_000);

/** Multicast needs an interface beyond loopback. */
const hasNetwork = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.family === "IPv4" && !each.internal);

test.runIf(hasNetwork)(
  "two members on one local network find each other by themselves",
  async () => {
    const [a, b] = await Promise.all(
      ["mdns a", "mdns b"].map((name) => member(name, { mdns: true })),
    );
    await until(() => a!.peers().some(({ peer }) => peer === b!.peer), "the neighbour", 30_000);
  },
  60_000,
);
