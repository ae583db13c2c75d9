import { sha256 } from "@noble/hashes/sha2.js";
import { onTestFinished } from "vitest";
import type { Network, NetworkConfig, NetworkEvent } from "../src/index.ts";
import { createNetwork } from "../src/index.ts";

export const TOPIC = "/foldmesh/test/1";

export const seedOf = (name: string): Uint8Array => sha256(new TextEncoder().encode(name));

/** A member of a loopback network, with what has happened to it. Stopped when the test ends. */
export interface Member extends Network {
  readonly events: readonly NetworkEvent[];
}

export async function member(name: string, config: Partial<NetworkConfig> = {}): Promise<Member> {
  const events: NetworkEvent[] = [];
  const network = await createNetwork(
    {
      privateKey: seedOf(name),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      directory: "server",
      reach: "local",
      topics: [TOPIC],
      ...config,
    },
    (event) => events.push(event),
  );
  onTestFinished(() => network.stop());
  return { ...network, events };
}

/** The address to dial. */
export function addressOf(network: Network): string {
  const [address] = network.addresses();
  if (address === undefined) throw new Error("the member does not listen");
  return address;
}

/** Members that all know the first one. */
export async function star(names: readonly string[]): Promise<Member[]> {
  const members = await Promise.all(names.map((name) => member(name)));
  const [hub, ...others] = members as [Member, ...Member[]];
  await Promise.all(others.map((other) => other.dial(addressOf(hub))));
  return members;
}

export async function until(condition: () => boolean, what: string, time = 5000): Promise<void> {
  const deadline = performance.now() + time;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
