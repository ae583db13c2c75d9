// A daemon's life: a socket for whoever asks, a node, and an orderly end.
import { type FoldmeshNode, type NodeConfig, startNode } from "@foldmesh/node";
import { makeDataDirectory } from "../io/data-dir.ts";
import { openControl } from "./control.ts";
import { describeEvent } from "./describe-event.ts";
import { type Earnings, openEarnings } from "./earnings.ts";
import { checkListen, defaultListen } from "./listen.ts";
import type { Log } from "./log.ts";
import type { Settings } from "./settings.ts";
import type { DaemonStatus } from "./status.ts";

export interface DaemonInit {
  readonly settings: Settings;
  readonly log: Log;
  /** ends the daemon */
  readonly signal: AbortSignal;
  readonly onReady: (node: FoldmeshNode) => void;
}

/**
 * Runs until the signal.
 * @throws CLIError RUNNING, FILE, LISTEN; NodeError DATA_DIR, KEY; NetworkError BAD_ADDRESS
 */
export async function runDaemon({ settings, log, signal, onReady }: DaemonInit): Promise<void> {
  await makeDataDirectory(settings.data);
  await using control = await openControl(settings.data);
  const earnings = await openEarnings(settings.data, (error) =>
    log({ level: "error", event: "receipt-not-kept", fields: { error } }),
  );
  const started = new Date();
  const node = await startNode(await nodeConfig(settings), (event) => {
    log(describeEvent(event));
    earnings.onEvent(event);
  });
  try {
    control.answerWith(() => statusOf(node, earnings, started));
    const { peer, addresses, roles } = node;
    log({ level: "info", event: "ready", fields: { peer, roles, addresses } });
    onReady(node);
    await aborted(signal);
    log({ level: "info", event: "stopping" });
  } finally {
    await node.stop();
    await earnings.settled();
  }
  log({ level: "info", event: "stopped", fields: { ...earnings.total() } });
}

async function nodeConfig(settings: Settings): Promise<NodeConfig> {
  const listen = settings.listen ?? (await defaultListen());
  await checkListen(listen);
  const { role, data, cache, bootstrap, threads, slots, ask, relay, mdns, announce, ptau, gpu } =
    settings;
  const { checkpointMs } = settings;
  return {
    roles: role,
    dataDir: data,
    cacheDir: cache,
    listen,
    bootstrap,
    reach: settings.public === true ? "public" : "local",
    ...definedOf({ threads, ptau, gpu }),
    worker: definedOf({ maxConcurrent: slots, ask, checkpointMs }),
    broker: brokerConfig(settings.broker),
    network: definedOf({ relay, mdns, announce }),
  };
}

function brokerConfig(settings: Settings["broker"] = {}): NonNullable<NodeConfig["broker"]> {
  const { commitMs, revealMs, restMs, maxRestMs, leaseMs, ...rest } = settings;
  return {
    ...definedOf(rest),
    auction: definedOf({ commitMs, revealMs, restMs, maxRestMs }),
    job: definedOf({ leaseMs }),
  };
}

/** Without the keys that have no value. */
const definedOf = <T extends object>(
  values: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };

const statusOf = (node: FoldmeshNode, earnings: Earnings, started: Date): DaemonStatus => ({
  state: "running",
  pid: process.pid,
  started: started.toISOString(),
  ...node.status(),
  ...earnings.total(),
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
