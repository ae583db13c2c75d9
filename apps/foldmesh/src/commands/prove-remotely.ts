// `prove` on the network: options, progress, the end.
import { type JobInput } from "@foldmesh/r1cs";
import prettyBytes from "pretty-bytes";
import { CLIError, EXIT } from "../errors.ts";
import { dataDirectory } from "../io/data-dir.ts";
import { writeUserFile } from "../io/files.ts";
import { cacheDirectory, showPath, userPath } from "../io/paths.ts";
import { count, duration, paint } from "../io/terminal.ts";
import type { RemoteProof } from "../remote/prove-remotely.ts";
import { showNetwork } from "../view/network-progress.ts";
import { type NetworkView, advanceNetwork, emptyNetworkView } from "../view/network-view.ts";
import { price, shortName } from "../view/network-words.ts";
import { explain } from "./verify.ts";
import { type CommandContext, keyOf } from "./context.ts";

export interface NetworkArguments {
  readonly dial?: string;
  readonly network?: boolean;
  readonly bootstrap?: readonly string[];
  readonly maxPrice?: bigint;
  /** ms */
  readonly deadline: number;
  readonly request?: string;
  readonly detach?: boolean;
  readonly public?: boolean;
  readonly data?: string;
  readonly cache?: string;
  readonly ptau?: string;
}

export interface NetworkJob {
  /** directory, absolute */
  readonly program: string;
  readonly input: JobInput;
  /** absolute */
  readonly out: string;
}

/** Brokers or members to try, or null for a job that is proved here. @throws CLIError USAGE */
export function addressesOf({ dial, network, bootstrap }: NetworkArguments): string[] | null {
  const addresses = [...(dial === undefined ? [] : [dial]), ...(bootstrap ?? [])];
  if (dial !== undefined || network === true) {
    if (addresses.length > 0) return addresses;
    throw new CLIError(
      "USAGE",
      "--network takes the address of a member: name one with --bootstrap",
    );
  }
  if (addresses.length === 0) return null;
  throw new CLIError("USAGE", "--bootstrap is for jobs on the network: add --network");
}

export async function proveOnNetwork(
  { program, input, out }: NetworkJob,
  addresses: readonly string[],
  options: NetworkArguments,
  context: CommandContext,
): Promise<void> {
  const { requestIdentity } = await import("../remote/identity.ts");
  const { proveRemotely } = await import("../remote/prove-remotely.ts");
  const identity = await requestIdentity(dataDirectory(options.data), options.request);
  const progress = showNetwork();
  let view = emptyNetworkView;
  const start = performance.now();
  const proved = await proveRemotely(
    {
      program: userPath(program),
      input,
      identity,
      addresses,
      time: options.deadline,
      cacheDir: cacheDirectory(options.cache),
      key: keyOf(options),
      ...(options.maxPrice !== undefined && { maxPrice: options.maxPrice }),
      ...(options.detach !== undefined && { detach: options.detach }),
      ...(options.public === true && { reach: "public" }),
    },
    {
      signal: context.signal,
      onEvent(event) {
        view = advanceNetwork(view, event);
        progress.onEvent(event);
      },
    },
  ).finally(progress.stop);
  const ms = performance.now() - start;
  if (proved.finished === null) return reportDetached(context, identity.name, proved);
  if (proved.finished.verdict.ok) await writeUserFile(out, proved.finished.proof);
  reportFinished(context, {
    proved: proved.finished,
    order: proved.order,
    request: identity.name,
    view,
    out,
    ms,
  });
}

function reportDetached(
  { terminal }: CommandContext,
  request: string,
  { order }: RemoteProof,
): void {
  const { job, broker, maxPrice, deadline } = order;
  terminal.result({ ok: true, detached: true, request, job, broker, maxPrice, deadline });
  terminal.line(`${paint("green", "ordered")} ${job}`);
  terminal.line(`request  ${request}`);
  terminal.line(
    `The job goes on. The same command with --request ${request} and without --detach fetches the proof.`,
  );
}

interface Outcome {
  readonly proved: NonNullable<RemoteProof["finished"]>;
  readonly order: RemoteProof["order"];
  readonly request: string;
  readonly view: NetworkView;
  readonly out: string;
  readonly ms: number;
}

function reportFinished({ terminal, setExitCode }: CommandContext, outcome: Outcome): void {
  const { proved, order, request, view, out, ms } = outcome;
  const { proof, verdict } = proved;
  const { job, broker } = order;
  if (!verdict.ok) {
    const failures = explain(verdict, {});
    setExitCode(EXIT.invalid);
    terminal.result({ ok: false, request, job, broker, failures });
    terminal.line(`${paint(["red", "bold"], "not valid")}: the broker's proof was thrown away`);
    for (const failure of failures) terminal.line(`  ${paint("red", "✗")} ${failure}`);
    return;
  }
  const { statement, form } = verdict;
  const takenOverBy = view.broker === null || view.broker === broker ? undefined : view.broker;
  const workers = [...view.workers].map(([peer, { verified, paid }]) => ({ peer, verified, paid }));
  terminal.result({
    ok: true,
    out,
    bytes: proof.length,
    form,
    ms: Math.round(ms),
    verifyMs: Math.round(verdict.ms),
    statement,
    request,
    job,
    broker,
    ...(takenOverBy !== undefined && { takenOverBy }),
    stepsPerLeaf: verdict.stepsPerLeaf,
    leaves: view.cut?.leaves,
    shards: view.shards.length,
    paid: view.paid,
    workers,
  });
  const cut = `${count(view.cut?.leaves ?? 0, "leaf", "leaves")} in ${count(view.shards.length, "shard")}`;
  terminal.line(
    `${paint("green", "proved")} ${count(statement.steps, "step")} in ${duration(ms)} (${cut}, ${count(workers.length, "worker")})`,
  );
  terminal.line(`z0      ${statement.z0.join(",")}`);
  terminal.line(`zn      ${statement.zn.join(",")}`);
  terminal.line(
    `proof   ${showPath(out)}, ${prettyBytes(proof.length)}, verified in ${duration(verdict.ms)}`,
  );
  if (takenOverBy !== undefined)
    terminal.line(`broker  ${shortName(broker)} stayed away, ${shortName(takenOverBy)} took over`);
  terminal.line(`paid    ${price(view.paid)} of at most ${price(order.maxPrice)}`);
  for (const { peer, verified, paid } of workers) {
    terminal.line(`        ${shortName(peer)}  ${price(paid)} for ${count(verified, "part")}`);
  }
}
