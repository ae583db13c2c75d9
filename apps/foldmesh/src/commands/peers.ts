import type { Command } from "commander";
import type { SignedAdvert } from "@foldmesh/network";
import prettyBytes from "pretty-bytes";
import { positiveInteger } from "../arguments.ts";
import { askDaemon } from "../daemon/control.ts";
import type { StatusDocument } from "../daemon/status.ts";
import { dataDirectory } from "../io/data-dir.ts";
import { count, paint } from "../io/terminal.ts";
import { price, standingOf } from "../view/network-words.ts";
import { type CommandContext, withData, withExamples, withJSON } from "./context.ts";

export function addPeers(parent: Command, context: CommandContext): void {
  const command = parent
    .command("peers")
    .description("List a network's members with what they offer, or the peers of a daemon.")
    .option("--dial <multiaddr>", "a member of the network (default: ask the daemon of --data)")
    .option("-n, --limit <n>", "members of each role to look for", positiveInteger(1000), 50)
    .option("--public", "a network on the internet: refuse loopback and private addresses");
  withExamples(
    withData(withJSON(command)),
    "foldmesh peers --dial /ip4/127.0.0.1/tcp/4501",
    "foldmesh peers --data prover-1",
  ).action((options: PeersArguments) => peers(options, context));
}

interface PeersArguments {
  readonly dial?: string;
  readonly limit: number;
  readonly public?: boolean;
  readonly data?: string;
}

function peers(options: PeersArguments, context: CommandContext): Promise<void> {
  const { dial, data } = options;
  return dial === undefined
    ? listConnections(dataDirectory(data), context)
    : listMembers(dial, options, context);
}

async function listConnections(data: string, { signal, terminal }: CommandContext): Promise<void> {
  const told = (await askDaemon(data, signal)) as StatusDocument;
  const { peers: connected, standings } =
    told.state === "running" ? told : { peers: [], standings: [] };
  const all = connected.map((each) => {
    const { reputation, convicted } = standings.find(({ peer }) => peer === each.peer) ?? {};
    return { ...each, reputation, convicted };
  });
  terminal.result({ peers: all });
  terminal.line(count(all.length, "connection"));
  for (const { peer, address, direction, roundTrip, score, reputation, convicted } of all) {
    const time = roundTrip === undefined ? "" : `${Math.round(roundTrip)} ms`;
    const standing =
      reputation === undefined ? "" : standingOf({ reputation, convicted: convicted === true });
    const offences = score < 0 ? paint("red", `score ${score}`) : "";
    terminal.line(
      `${peer}  ${direction.padEnd(8)} ${time.padStart(7)}  ${address} ${standing} ${offences}`.trimEnd(),
    );
  }
}

async function listMembers(
  address: string,
  { limit, public: isPublic }: PeersArguments,
  { signal, terminal }: CommandContext,
): Promise<void> {
  const { lookAround } = await import("../remote/look-around.ts");
  const reach = isPublic === true ? "public" : "local";
  const adverts = await lookAround({ address, reach, limit, signal });
  const members = adverts.map(({ sender, content }) => ({ peer: sender, ...content }));
  terminal.result({ members });
  terminal.line(count(members.length, "member"));
  for (const { sender, content } of adverts) {
    terminal.line(`${paint("bold", sender)}  ${content.roles.join(", ")}`);
    const offer = offerOf(content);
    if (offer !== "") terminal.line(`  ${offer}`);
  }
}

function offerOf({ backends, maxConcurrent, ask }: SignedAdvert["content"]): string {
  if (backends.length === 0) return "";
  const machines = backends.map(({ kind, device, memoryBytes, benchmark }) => {
    const memory = memoryBytes > 0 ? `, ${prettyBytes(memoryBytes, { binary: true })}` : "";
    const { msmPointsPerSecond, mergesPerMinute } = benchmark;
    return `${kind} ${device}${memory}: ${msmPointsPerSecond.toLocaleString("en")} points/s, ${mergesPerMinute} merges/min`;
  });
  return `${machines.join("; ")}; ${count(maxConcurrent, "slot")}, ${price(ask)} a million constraints`;
}
