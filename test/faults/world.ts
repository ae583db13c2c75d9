// The network under test: a broker and its standby, two provers and two aggregators, a process each, every one behind the wire.
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
  /** the one that dApps dial, and its standby */
  readonly brokers: readonly Member[];
  readonly wire: Wire;
  /** for dApps */
  readonly brokerAddresses: readonly string[];
  readonly lines: readonly Line[];
  /** Adds a line that no member said. */
  readonly tell: (line: Line) => void;
  /** @returns a function that ends it */
  readonly onLine: (listener: (line: Line) => void) => () => void;
  /** Waits until all are connected with the broker, and no broker has a job. @returns names of those that are not so, in time */
  readonly whole: (ms: number) => Promise<readonly string[]>;
  /** The brokers' accounts; undefined when one does not tell. */
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
  { name: "standby", role: "standby" },
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
  absentMs: 3_000,
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
    const brokerAddresses: string[] = [];
    for (const { name, role } of SPECS) {
      const port = await freePort();
      const address = `/ip4/127.0.0.1/tcp/${await wire.lead(name, port)}`;
      const bootstrap = brokerAddresses.flatMap((each) => ["--bootstrap", each]);
      if (isBroker(role)) brokerAddresses.push(address);
      const config = join(directory, `${name}.json`);
      await writeFile(config, JSON.stringify(configOf(role, checkpointMs)));
      const of = isBroker(role) ? "broker" : role;
      const args = ["--config", config, "--role", of, "--announce", address, ...bootstrap];
      members.push(new Member({ name, role, directory, port, args, onLine }));
    }
    const brokers = members.filter(({ role }) => isBroker(role));
    const [broker, ...others] = members;
    await broker!.start();
    await Promise.all(others.map((member) => member.start()));
    const world: World = {
      directory,
      members,
      brokers,
      wire,
      brokerAddresses,
      lines,
      tell: onLine,
      onLine(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      whole: (ms) => whole(members, brokers, ms),
      books: async () => booksOf(await Promise.all(brokers.map(statusOf))),
      sample: () => sampleAll(members),
      [Symbol.asyncDispose]: dispose,
    };
    for (const { name } of brokers) await admitted(world, name, members.length - brokers.length);
    return world;
  } catch (error) {
    await dispose();
    throw error;
  }
}

const isBroker = (role: string): boolean => role === "broker" || role === "standby";

const configOf = (role: string, checkpointMs: number): object => ({
  threads: LEAF_LIMIT, // leaves come one by one, so that progress counts them
  ...(isBroker(role) ? { broker: BROKER } : { checkpointMs }),
});

const ADMISSION_MS = 60_000;

/** Until a broker has let that many peers into its auctions. */
async function admitted({ lines }: World, broker: string, count: number): Promise<void> {
  const giveUp = performance.now() + ADMISSION_MS;
  for (;;) {
    const peers = lines
      .filter(({ name, event }) => name === broker && event === "admitted")
      .map(({ fields }) => fields["peer"]);
    if (new Set(peers).size >= count) return;
    if (performance.now() > giveUp)
      throw new Error(`the ${broker} admitted ${peers.length} members`);
    await sleep(LOOK_MS);
  }
}

async function whole(
  members: readonly Member[],
  brokers: readonly Member[],
  ms: number,
): Promise<string[]> {
  const giveUp = performance.now() + ms;
  for (;;) {
    const told = await Promise.all(brokers.map(statusOf));
    const near = [brokers[0]!.peer, ...(told[0]!.peers ?? []).map(({ peer }) => peer)];
    const absent = members.filter(({ peer }) => !near.includes(peer));
    const busy = brokers.filter((_, i) => told[i]!.books?.escrowed !== "0");
    const unready = [...absent, ...busy].map(({ name }) => name);
    if (unready.length === 0 || performance.now() > giveUp) return unready;
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

/** Of all of them: where one of them does not tell, nothing. */
function booksOf(told: readonly Status[]): BooksRecord | undefined {
  const books = told.flatMap((each) => each.books ?? []);
  if (books.length < told.length) return undefined;
  const accounts = books.flatMap(({ balances }) => balances);
  const balances = [...Map.groupBy(accounts, ({ peer }) => peer)].map(([peer, of]) => ({
    peer,
    amount: of.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
  }));
  return { balances, escrowed: books.reduce((sum, each) => sum + BigInt(each.escrowed), 0n) };
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
