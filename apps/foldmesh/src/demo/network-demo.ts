// A whole network on this machine, in processes that know each other by libp2p only, and this process as its dApp.
import { join } from "node:path";
import { programDir, sha256Digest, sha256Input, sha256State } from "@foldmesh/programs";
import prettyBytes from "pretty-bytes";
import type { CommandContext } from "../commands/context.ts";
import { EXIT } from "../errors.ts";
import { showPath } from "../io/paths.ts";
import { count, duration, paint } from "../io/terminal.ts";
import { requestIdentity } from "../remote/identity.ts";
import { type RemoteProof, proveRemotely } from "../remote/prove-remotely.ts";
import { showNetwork } from "../view/network-progress.ts";
import { type NetworkView, advanceNetwork, emptyNetworkView } from "../view/network-view.ts";
import { type Naming, price, shortName } from "../view/network-words.ts";
import type { DemoFile } from "./demo-file.ts";
import { type DrillReport, createDrill, describe } from "./drill.ts";
import { type DemoNetwork, type MemberSpec, startNetwork } from "./processes.ts";

export interface NetworkDemoRequest {
  readonly file: DemoFile;
  readonly cacheDir: string;
}

const LEAST_SHARDS = 8;

/** A leaf for each block, in at least eight shards; three lots for each prover, so that whoever is done early takes more. */
const brokerOf = (leaves: number): MemberSpec => ({
  name: "broker",
  args: ["--role", "broker", "--threads", "1"],
  config: {
    broker: {
      stepsPerLeaf: 1,
      shardsPerSlot: 3,
      maxLeavesPerShard: Math.max(1, Math.floor(leaves / LEAST_SHARDS)),
      rosterMs: 500,
      maxRestMs: 2_000,
    },
  },
});

/** One that makes a checkpoint after every leaf: what is lost with it is little. */
const CAREFUL = { checkpointMs: 1 };

/** Three provers of different speeds and prices. */
const MEMBERS: readonly MemberSpec[] = [
  { name: "prover-1", args: ["--role", "prover", "--threads", "2", "--ask", "1100"] },
  {
    name: "prover-2",
    args: ["--role", "prover", "--threads", "1", "--ask", "1000"],
    config: CAREFUL,
  },
  {
    name: "prover-3",
    args: ["--role", "prover", "--threads", "1", "--ask", "900"],
    config: CAREFUL,
    niceness: 4,
  },
  { name: "aggregator", args: ["--role", "aggregator", "--threads", "1", "--slots", "4"] },
];

/** Of which one is killed: their shards take long enough. */
const VICTIMS: readonly string[] = ["prover-2", "prover-3"];

const TIME_MS = 300_000;

/** @throws CLIError, ClientError, NetworkError */
export async function proveOnDemoNetwork(
  request: NetworkDemoRequest,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { path, message, steps } = request.file;
  terminal.line(
    `Proving the SHA-256 of ${paint("bold", showPath(path))} (${count(message.length, "byte")}, ${count(steps, "block")} of 64 bytes) on a network of processes:`,
  );
  const network = await startNetwork({
    broker: brokerOf(steps),
    members: MEMBERS,
    cacheDir: request.cacheDir,
    signal,
    onStarted: ({ name, peer, pid, addresses }) =>
      terminal.note(
        `${name.padEnd(10)} ${shortName(peer)}  process ${pid}  ${addresses[0]!.split("/p2p/")[0]}`,
      ),
  });
  try {
    const outcome = await follow(network, request, context);
    report(context, request.file, outcome);
  } finally {
    await stopAll(network, context);
  }
}

async function stopAll(network: DemoNetwork, context: CommandContext): Promise<void> {
  const left = await network.stop();
  if (left.length === 0) {
    return context.terminal.line(
      `stopped        ${count(network.members.filter((each) => !each.wasKilled()).length + 1, "process", "processes")}, in order`,
    );
  }
  context.setExitCode(EXIT.invalid);
  context.terminal.note(`did not stop in order: ${left.join(", ")}`);
}

interface Outcome {
  readonly proved: RemoteProof;
  readonly view: NetworkView;
  readonly name: Naming;
  /** undefined where every shard was too short to be interrupted */
  readonly drill: DrillReport | undefined;
  readonly ms: number;
}

/** The dApp's part. Ends early when any process of the network does. */
async function follow(
  network: DemoNetwork,
  { file, cacheDir }: NetworkDemoRequest,
  { signal }: CommandContext,
): Promise<Outcome> {
  const names = new Map([network.broker, ...network.members].map(({ peer, name }) => [peer, name]));
  const name: Naming = (peer) => names.get(peer) ?? shortName(peer);
  const broken = new AbortController();
  const progress = showNetwork(name);
  const victims = network.members.filter((member) => VICTIMS.includes(member.name));
  const drill = createDrill(victims, name, (line) => progress.say(line));
  const start = performance.now();
  let view = emptyNetworkView;
  const proving = proveRemotely(
    {
      program: programDir("sha256"),
      input: sha256Input(file.message),
      zn: sha256State(file.digest),
      identity: await requestIdentity(join(network.directory, "dapp")),
      addresses: [network.broker.addresses[0]!],
      time: TIME_MS,
      key: "transparent",
      cacheDir,
    },
    {
      signal: AbortSignal.any([signal, broken.signal]),
      onEvent(event) {
        view = advanceNetwork(view, event);
        progress.onEvent(event);
        drill.onEvent(event);
      },
    },
  );
  try {
    const proved = await Promise.race([proving, network.broken]);
    return { proved, view, name, drill: drill.report(), ms: performance.now() - start };
  } finally {
    broken.abort();
    await proving.catch(() => {}); // hung up before the processes are stopped
    progress.stop();
  }
}

function report(
  { terminal, setExitCode }: CommandContext,
  { path, digest }: DemoFile,
  { proved, view, name, drill, ms }: Outcome,
): void {
  const { proof, verdict } = proved.finished!;
  const provedDigest = verdict.statement === null ? "" : sha256Digest(verdict.statement.zn);
  const ok = verdict.ok && provedDigest === digest;
  setExitCode(ok ? EXIT.ok : EXIT.invalid);
  const workers = [...view.workers].map(([peer, { verified, paid }]) => ({
    name: name(peer),
    peer,
    verified,
    paid,
  }));
  terminal.result({
    ok,
    file: path,
    digest: provedDigest,
    expected: digest,
    job: proved.order.job,
    leaves: view.cut?.leaves,
    shards: view.shards.length,
    proofBytes: proof.length,
    proveMs: Math.round(ms),
    verifyMs: Math.round(verdict.ms),
    paid: view.paid,
    workers,
    ...(drill && { drill }),
    ...(verdict.ok ? {} : { failures: verdict.failures }),
  });
  const parts = `${count(view.cut?.leaves ?? 0, "leaf", "leaves")} in ${count(view.shards.length, "shard")}`;
  terminal.line();
  terminal.line(`proved digest  ${paint("bold", provedDigest)}`);
  terminal.line(`node:crypto    ${digest}  ${provedDigest === digest ? "the same" : "DIFFERENT"}`);
  terminal.line(`proof          ${prettyBytes(proof.length)}, made in ${duration(ms)}: ${parts}`);
  terminal.line(
    `verified       ${verdict.ok ? paint(["green", "bold"], "valid") : paint("red", "NOT VALID")}, by the dApp itself, in ${duration(verdict.ms)}`,
  );
  if (!verdict.ok) for (const failure of verdict.failures) terminal.line(`  ${failure}`);
  if (drill !== undefined) terminal.line(`hand-off       ${describe(drill)}`);
  terminal.line(`paid           ${price(view.paid)} of at most ${price(proved.order.maxPrice)}`);
  for (const { name: who, verified, paid } of workers) {
    terminal.line(`  ${who.padEnd(12)} ${price(paid).padStart(9)} for ${count(verified, "part")}`);
  }
}
