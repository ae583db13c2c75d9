// A network of daemons, as the README tells to start one: a process each.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, type Place, type Running } from "./cli.ts";

export interface Daemon extends Running {
  readonly name: string;
  /** without the peer id */
  readonly address: string;
  readonly peer: string;
}

/** Two steps of minroot a leaf, so that eight steps are four small leaves. */
const BROKER = {
  role: ["broker"],
  listen: ["/ip4/127.0.0.1/tcp/0"],
  threads: 1,
  broker: { stepsPerLeaf: 2, rosterMs: 300, maxRestMs: 300, absentMs: 2_000 },
};

export async function startBroker(
  place: Place,
  name: string = "broker",
  more: object = {},
): Promise<Daemon> {
  const file = join(place.path, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...BROKER, ...more }));
  return becomeReady(name, place.start("start", "--data", name, "--config", file));
}

/** Once more, on the same data and address. */
export function startBrokerAgain(place: Place, { name, address }: Daemon): Promise<Daemon> {
  const file = join(place.path, `${name}.json`);
  const args = ["--data", name, "--config", file, "--listen", address];
  return becomeReady(name, place.start("start", ...args));
}

/** As a machine that loses power: nothing is said to anybody. */
export async function kill({ child, finished }: Daemon): Promise<void> {
  child.kill("SIGKILL");
  await finished;
}

/** A member with one thread; resolves when it is ready. */
export function startMember(
  place: Place,
  broker: Daemon,
  role: string,
  name: string,
  ...more: readonly string[]
): Promise<Daemon> {
  const own = ["--role", role, "--data", name, "--threads", "1", ...more];
  const network = ["--listen", "/ip4/127.0.0.1/tcp/0", "--bootstrap", broker.address];
  return becomeReady(name, place.start("start", ...own, ...network, ...more));
}

/** A member in a process of its own that cheats, and asks nearly nothing for it. */
export function startHostile(
  place: Place,
  broker: Daemon,
  cheat: string,
  config: { readonly roles: readonly string[]; readonly [key: string]: unknown },
): Promise<Daemon> {
  const running = place.startHostile(cheat, {
    dataDir: join(place.path, cheat),
    cacheDir: CACHE,
    listen: ["/ip4/127.0.0.1/tcp/0"],
    bootstrap: [broker.address],
    threads: 1,
    worker: { ask: "1", benchmark: { msmPointsPerSecond: 2_000, mergesPerMinute: 60 } },
    ...config,
  });
  return becomeReady(cheat, running);
}

export async function becomeReady(name: string, running: Running): Promise<Daemon> {
  await running.said(/^listening .*\n/m);
  const [, address, peer] = /^listening +(\S+)\/p2p\/(\S+)$/m.exec(running.output())!;
  return { ...running, name, address: address!, peer: peer! };
}

/** Until the broker has let that many peers into its auctions. */
export const admitted = (broker: Daemon, count: number): Promise<void> =>
  broker.said(new RegExp(`(?:info +admitted[^]*){${count}}`));

/** Asks it to end. @returns its exit code */
export async function stop({ child, finished }: Daemon): Promise<number | null> {
  child.kill("SIGTERM");
  return (await finished).code;
}
