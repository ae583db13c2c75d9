import type { Command } from "commander";
import { askDaemon } from "../daemon/control.ts";
import type { StatusDocument } from "../daemon/status.ts";
import { dataDirectory } from "../io/data-dir.ts";
import { count, paint } from "../io/terminal.ts";
import { price, shortName, standingOf } from "../view/network-words.ts";
import { type CommandContext, withData, withExamples, withJSON } from "./context.ts";

export function addStatus(parent: Command, context: CommandContext): void {
  const command = parent
    .command("status")
    .description("Ask the daemon of a data directory what it does and what it earned.");
  withExamples(
    withData(withJSON(command)),
    "foldmesh status",
    "foldmesh status --data prover-1 --json | jq .earned",
  ).action((options: { data?: string }) => status(options, context));
}

async function status(
  { data }: { data?: string },
  { signal, terminal }: CommandContext,
): Promise<void> {
  const told = (await askDaemon(dataDirectory(data), signal)) as StatusDocument;
  terminal.result(told);
  for (const [key, value] of rowsOf(told)) {
    terminal.line(`${paint("dim", key.padEnd(10))} ${value}`);
  }
}

function rowsOf(told: StatusDocument): [string, string][] {
  if (told.state === "starting") return [["state", "starting"]];
  const { pid, started, peer, addresses, roles, peers, leases, jobs, lag } = told;
  const silent = peers.filter((each) => each.silent).length;
  return [
    ["running", `as ${roles.join(", ")}, process ${pid}, since ${started}`],
    ["peer", peer],
    ...addresses.map((address): [string, string] => ["listening", address]),
    ["peers", `${count(peers.length, "connection")}${silent === 0 ? "" : `, ${silent} silent`}`],
    ["lag", `${lag.p50} ms typical, ${lag.p99} ms at p99, ${lag.max} ms at most`],
    ...leases.map(({ job, task, price: paid }): [string, string] => [
      "lease",
      `${task} of ${shortName(job)} for ${price(BigInt(paid))}`,
    ]),
    ...jobs.map(({ job, phase, tasks, verified }): [string, string] => [
      "job",
      `${shortName(job)} ${phase}, ${verified} of ${tasks} parts verified`,
    ]),
    ...told.standings.map((standing): [string, string] => [
      "standing",
      `${shortName(standing.peer)} ${standingOf(standing)}`,
    ]),
    ["earned", `${price(BigInt(told.earned))} for ${count(told.accepted, "part")}`],
    ...(told.rejected > 0 ? [["rejected", count(told.rejected, "part")] as [string, string]] : []),
  ];
}
