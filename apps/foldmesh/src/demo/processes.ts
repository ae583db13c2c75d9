// The processes of the demo's network, each with a data directory of its own below one temporary directory.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../daemon/settings.ts";
import { toJSON } from "../io/terminal.ts";
import { type DaemonProcess, abortOf, startDaemon } from "./daemon-process.ts";

export interface MemberSpec {
  readonly name: string;
  /** of `foldmesh start` */
  readonly args: readonly string[];
  /** its configuration file */
  readonly config?: Config;
  /** how much it yields to others, 0 to 19 */
  readonly niceness?: number;
  readonly onSpawn?: (pid: number) => void;
}

export interface DemoNetwork {
  readonly broker: DaemonProcess;
  readonly members: readonly DaemonProcess[];
  /** for the dApp's own data */
  readonly directory: string;
  /** Rejects as soon as any process ends by itself. */
  readonly broken: Promise<never>;
  /** Stops every process. @returns names of those that did not leave in order */
  readonly stop: () => Promise<readonly string[]>;
}

export interface NetworkRequest {
  readonly broker: MemberSpec;
  /** they join through the broker */
  readonly members: readonly MemberSpec[];
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly onStarted: (member: DaemonProcess) => void;
}

const LISTEN = ["--listen", "/ip4/127.0.0.1/tcp/0"];

/** Starts all and waits until the broker has admitted every member to its auctions. */
export async function startNetwork(request: NetworkRequest): Promise<DemoNetwork> {
  const directory = await mkdtemp(join(tmpdir(), "foldmesh-"));
  const running: DaemonProcess[] = [];
  const stop = async (): Promise<readonly string[]> => {
    const [broker, ...members] = running; // members give their leases back to the broker
    const codes = await Promise.all(members.map((daemon) => daemon.stop()));
    codes.unshift((await broker?.stop()) ?? null);
    await rm(directory, { recursive: true, force: true });
    const isOdd = (daemon: DaemonProcess, i: number): boolean =>
      codes[i] !== 0 && !daemon.wasKilled();
    return running.filter(isOdd).map(({ name }) => name);
  };
  const start = async (member: MemberSpec): Promise<DaemonProcess> => {
    const { name, args, config = {}, niceness = 0, onSpawn } = member;
    const file = join(directory, `${name}.json`);
    await writeFile(file, toJSON(config));
    const own = ["--config", file, "--data", join(directory, name), "--cache", request.cacheDir];
    const daemon = await startDaemon({
      name,
      args: [...own, ...LISTEN, ...args],
      signal: request.signal,
      onSpawn(pid) {
        if (niceness > 0) setPriority(pid, niceness); // else as this process
        onSpawn?.(pid);
      },
    });
    running.push(daemon);
    request.onStarted(daemon);
    return daemon;
  };
  try {
    const broker = await start(request.broker);
    const members = await joinAll(broker, request, start);
    const broken = Promise.race(running.map(({ died }) => died));
    broken.catch(() => {}); // whoever waits for something races with it
    return { broker, members, directory, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function joinAll(
  broker: DaemonProcess,
  { members, signal }: NetworkRequest,
  start: (member: MemberSpec) => Promise<DaemonProcess>,
): Promise<readonly DaemonProcess[]> {
  const admitted = countAdmissions(broker, members.length);
  const bootstrap = ["--bootstrap", broker.addresses[0]!];
  const starting = members.map((member) =>
    start({ ...member, args: [...bootstrap, ...member.args] }),
  );
  await Promise.allSettled(starting); // none may start behind our back while the others are stopped
  const started = await Promise.all(starting);
  const died = started.map((daemon) => daemon.died);
  await Promise.race([admitted, broker.died, ...died, abortOf(signal)]);
  return started;
}

/** Resolves when the broker has let that many peers into its auctions. */
function countAdmissions(broker: DaemonProcess, wanted: number): Promise<void> {
  const peers = new Set<unknown>();
  return new Promise((resolve) => {
    const end = broker.onLine((line) => {
      if (line.event === "admitted") peers.add(line["peer"]);
      if (peers.size < wanted) return;
      end();
      resolve();
    });
  });
}
