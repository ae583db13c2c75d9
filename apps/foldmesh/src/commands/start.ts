import { type Command, Option } from "commander";
import type { FoldmeshNode } from "@foldmesh/node";
import { collect, money, positiveInteger, roles } from "../arguments.ts";
import { LEVELS, asJSON, asText, createLog } from "../daemon/log.ts";
import {
  GPU_MODES,
  RELAY_MODES,
  type Config,
  type DaemonRole,
  settingsOf,
} from "../daemon/settings.ts";
import { showPath } from "../io/paths.ts";
import { type Terminal, paint } from "../io/terminal.ts";
import { type CommandContext, withCache, withData, withExamples } from "./context.ts";

const ABOUT = `
Roles: prover proves shards, aggregator merges nodes and compresses roots, broker takes jobs from dApps and
sells their parts to provers, validator checks proofs. A network needs a broker, provers and an aggregator.

The data directory holds the node's key, what it measured and its receipts. The configuration file is JSON
with the same keys as these options (role, listen and bootstrap are lists), and "broker" with a broker's:
  {"role": ["prover"], "bootstrap": ["/ip4/192.0.2.1/tcp/4501"], "threads": 4, "ask": 800}
SIGINT or SIGTERM stops it: it gives its leases back and leaves. With --json the log goes to stdout, a JSON
object a line; the line with the event "ready" has the addresses.`;

export function addStart(parent: Command, context: CommandContext): void {
  const command = parent
    .command("start")
    .description("Join the network as a daemon: prove for others, merge, run jobs.")
    .option("-r, --role <roles>", "roles, separated by commas (default: prover,aggregator)", roles)
    .option(
      "-l, --listen <multiaddr>",
      "listen here; may be repeated (default: TCP on port 4501 and WebSockets on 4502, or free ones)",
      collect,
    )
    .option(
      "-b, --bootstrap <multiaddr>",
      "stay connected to this member; may be repeated (default: nobody, a network of its own)",
      collect,
    )
    .option("--announce <multiaddr>", "tell others this address instead; may be repeated", collect)
    .option("-c, --config <file>", "settings as JSON; options given here count more")
    .option("-t, --threads <n>", "worker threads (default: all cores)", positiveInteger(1024))
    .option(
      "--gpu <gpu>",
      "auto: the GPU where there is one; or a GPU's name, may be repeated (default: off)",
      collect,
    )
    .option("--slots <n>", "leases held at the same time (default: 1)", positiveInteger(1024))
    .option("--ask <price>", "standing price, micro-units per million constraints", money)
    .option(
      "--ptau <file>",
      "powers of tau, for jobs of programs bound to them; may be repeated",
      collect,
    )
    .option("--public", "a network on the internet: refuse loopback and private addresses")
    .addOption(
      new Option(
        "--relay <mode>",
        "use: be reached through relays, at home behind NAT; serve: relay for others",
      ).choices(RELAY_MODES),
    )
    .option("--mdns", "find members on the local network by themselves")
    .addOption(
      new Option("--log <level>", "what is told (default: info, with DEBUG set debug)").choices(
        LEVELS,
      ),
    )
    .option("--json", "write the log as JSON on stdout")
    .addOption(new Option("--until-stdin-ends", "stop when whoever started this goes").hideHelp())
    .addHelpText("after", ABOUT);
  withExamples(
    withData(withCache(command)),
    "foldmesh start --role broker,aggregator --listen /ip4/127.0.0.1/tcp/4501",
    "foldmesh start --bootstrap /ip4/127.0.0.1/tcp/4501 --data prover-1 --threads 2 --ask 800",
  ).action((options: StartArguments) => start(options, context));
}

interface StartArguments {
  readonly role?: DaemonRole[];
  readonly listen?: string[];
  readonly bootstrap?: string[];
  readonly announce?: string[];
  readonly config?: string;
  readonly threads?: number;
  readonly gpu?: string[];
  readonly slots?: number;
  readonly ask?: bigint;
  readonly ptau?: string[];
  readonly public?: boolean;
  readonly relay?: (typeof RELAY_MODES)[number];
  readonly mdns?: boolean;
  readonly data?: string;
  readonly cache?: string;
  readonly log?: (typeof LEVELS)[number];
  readonly json?: boolean;
  readonly untilStdinEnds?: boolean;
}

async function start(
  { config, log: least, json = false, untilStdinEnds = false, ...options }: StartArguments,
  context: CommandContext,
): Promise<void> {
  const settings = await settingsOf({ ...options, ...gpuOf(options) } as Config, config);
  const { runDaemon } = await import("../daemon/daemon.ts");
  const usual = (process.env["DEBUG"] ?? "") === "" ? "info" : "debug";
  const stream = json ? process.stdout : process.stderr;
  const log = createLog({
    least: least ?? usual,
    format: json ? asJSON : asText,
    write: (line) => stream.write(line),
  });
  const { terminal } = context;
  const onReady = (node: FoldmeshNode): void => greet(terminal, node, settings.data);
  const signal = untilStdinEnds ? AbortSignal.any([context.signal, endOfInput()]) : context.signal;
  context.endsBySignal();
  await runDaemon({ settings, log, signal, onReady });
}

/** "auto" and "off" stand alone; anything else is the name of a GPU. */
function gpuOf({ gpu }: StartArguments): Pick<Config, "gpu"> {
  if (gpu === undefined) return {};
  const mode = GPU_MODES.find((each) => gpu.length === 1 && gpu[0] === each);
  return { gpu: mode ?? gpu };
}

function greet(
  terminal: Terminal,
  { peer, roles: played, addresses }: FoldmeshNode,
  data: string,
): void {
  terminal.line(`${paint(["green", "bold"], "ready")} as ${played.join(", ")}`);
  terminal.line(`peer       ${peer}`);
  terminal.line(`data       ${showPath(data)}`);
  for (const address of addresses) terminal.line(`listening  ${address}`);
}

/** Whoever started this process holds its standard input open: it ends however he ends. */
function endOfInput(): AbortSignal {
  const controller = new AbortController();
  process.stdin.on("close", () => controller.abort()).resume();
  return controller.signal;
}
