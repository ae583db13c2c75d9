// The network under test: a broker, two provers and two aggregators, a process each, every one behind the wire.
import { writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Member } from "./member.ts";
import { freePort, ownerOf, usageOf } from "./proc.ts";
import type { BooksRecord, Line, Sample } from "./records.ts";
import { type Wire, createWire } from "./wire.ts";

export interface World extends AsyncDisposable {
  readonly directory: string;
  readonly members: readonly Member[];
  readonly broker: Member;
  readonly wire: Wire;
  /** for dApps */
  readonly brokerAddress: string;
  readonly lines: readonly Line[];
  /** Adds a line that no member said. */
  readonly tell: (line: Line) => void;
  /** @returns a function that ends it */
  readonly onLine: (listener: (line: Line) => void) => () => void;
  /** Waits until all are connected with the broker. @returns names of those that are not, in time */
  readonly whole: (ms: number) => Promise<readonly string[]>;
  /** The broker's accounts; undefined when it does not tell. */
  readonly books: () => Promise<BooksRecord | undefined>;
  readonly sample: () => Promise<readonly Sample[]>;
}

export interface WorldInit {
  /** exists, and is nobody else's */
  readonly directory: string;
  readonly checkpointMs: number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

const SPECS = [
  { name: "broker", role: "broker" },
  { name: "prover-1", role: "prover" },
  { name: "prover-2", role: "prover" },
  { name: "aggregator-1", role: "aggregator" },
  { name: "aggregator-2", role: "aggregator" },
] as const;

/** Small leaves, short leases, an auction again soon when nobody bids. */
const BROKER = {
  stepsPerLeaf: 1,
  rosterMs: 1_000,
  restMs: 100,
  maxRestMs: 500,
  leaseMs: 8_000,
  keepMs: 120_000,
};
const LEAF_LIMIT = 1;
/** A daemon is asked for its status this often. */
const LOOK_MS = 250;
const STATUS_MS = 3_000;

export async function startWorld(init: WorldInit): Promise<World> {
  const { directory, checkpointMs, random } = init;
  const lines: Line[] = [];
  const listeners = new Set<(line: Line) => void>();
  const onLine = (line: Line): void => {
    lines.push(line);
    listeners.forEach((listener) => listener(line));
  };
  const members: Member[] = [];
  const whoDials = async (from: number, to: number): Promise<string | undefined> => {
    const pids = members.flatMap(({ pid }) => pid ?? []);
    const owner = await ownerOf(from, to, pids).catch(() => undefined);
    return members.find(({ pid }) => pid !== undefined && pid === owner)?.name;
  };
  const wire = createWire({ whoDials, random });
  const onExit = (): void => members.forEach((member) => member.signal("SIGKILL"));
  process.once("exit", onExit); // frozen ones do not notice that we went
  const dispose = async (): Promise<void> => {
    process.off("exit", onExit);
    await Promise.all(members.map((member) => member.kill()));
    await wire[Symbol.asyncDispose]();
  };
  try {
    let brokerAddress = "";
    for (const { name, role } of SPECS) {
      const port = await freePort();
      const address = `/ip4/127.0.0.1/tcp/${await wire.lead(name, port)}`;
      if (role === "broker") brokerAddress = address;
      const config = join(directory, `${name}.json`);
      await writeFile(config, JSON.stringify(configOf(role, checkpointMs)));
      const bootstrap = role === "broker" ? [] : ["--bootstrap", brokerAddress];
      const args = ["--config", config, "--role", role, "--announce", address, ...bootstrap];
      members.push(new Member({ name, role, directory, port, args, onLine }));
    }
    const [broker, ...others] = members;
    await broker!.start();
    await Promise.all(others.map((member) => member.start()));
    const world: World = {
      directory,
      members,
      broker: broker!,
      wire,
      brokerAddress,
      lines,
      tell: onLine,
      onLine(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      whole: (ms) => whole(members, broker!, ms),
      books: async () => booksOf(await statusOf(broker!)),
      sample: () => sampleAll(members),
      [Symbol.asyncDispose]: dispose,
    };
    await admitted(world, others.length);
    return world;
  } catch (error) {
    await dispose();
    throw error;
  }
}

const configOf = (role: string, checkpointMs: number): object => ({
  threads: LEAF_LIMIT, // leaves come one by one, so that progress counts them
  ...(role === "broker" ? { broker: BROKER } : { checkpointMs }),
});

const ADMISSION_MS = 60_000;

/** Until the broker has let that many peers into its auctions. */
async function admitted({ lines }: World, count: number): Promise<void> {
  const giveUp = performance.now() + ADMISSION_MS;
  for (;;) {
    const peers = lines
      .filter(({ event }) => event === "admitted")
      .map(({ fields }) => fields["peer"]);
    if (new Set(peers).size >= count) return;
    if (performance.now() > giveUp) throw new Error(`the broker admitted ${peers.length} members`);
    await sleep(LOOK_MS);
  }
}

async function whole(members: readonly Member[], broker: Member, ms: number): Promise<string[]> {
  const giveUp = performance.now() + ms;
  for (;;) {
    const { peers = [] } = await statusOf(broker);
    const near = peers.map(({ peer }) => peer);
    const absent = members.filter(({ peer }) => peer !== broker.peer && !near.includes(peer));
    if (absent.length === 0 || performance.now() > giveUp) return absent.map(({ name }) => name);
    await sleep(LOOK_MS);
  }
}

interface Status {
  /** that it is connected with */
  readonly peers?: readonly { readonly peer: string }[];
  readonly books?: {
    readonly balances: readonly { readonly peer: string; readonly amount: string }[];
    readonly escrowed: string;
  };
}

/** What a daemon says of itself; nothing when it does not answer. */
async function statusOf(member: Member): Promise<Status> {
  try {
    return JSON.parse(await readSocket(join(member.data, "control.sock"))) as Status;
  } catch {
    return {};
  }
}

function booksOf({ books }: Status): BooksRecord | undefined {
  if (books === undefined) return undefined;
  const balances = books.balances.map(({ peer, amount }) => ({ peer, amount: BigInt(amount) }));
  return { balances, escrowed: BigInt(books.escrowed) };
}

function readSocket(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = createConnection({ path, signal: AbortSignal.timeout(STATUS_MS) });
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

async function sampleAll(members: readonly Member[]): Promise<readonly Sample[]> {
  const at = Date.now();
  const samples = members.map(async ({ name, pid, pids }): Promise<Sample[]> => {
    if (pid === undefined) return [];
    return [{ name, life: pids.length - 1, at, ...(await usageOf(pid)) }];
  });
  return (await Promise.all(samples)).flat();
}
