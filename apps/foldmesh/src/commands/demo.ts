import type { Command } from "commander";
import { positiveInteger } from "../arguments.ts";
import { readDemoFile } from "../demo/demo-file.ts";
import { CLIError } from "../errors.ts";
import { cacheDirectory } from "../io/paths.ts";
import { type CommandContext, withCache, withExamples, withJSON } from "./context.ts";

const ABOUT = `
One step of the computation is one 64-byte block of the file; the state is the hash so far. Each leaf of the
tree proves a block; nodes are merged up to the root, which states the whole.

A broker, three provers and an aggregator run in processes of their own, on ports of the loopback interface,
and this process is the dApp: it dials the broker, which sells the shards by auction, and verifies the proof
that comes back. In the middle one of the provers is killed: another goes on from its last checkpoint.
With --local one process does it all, without a network.
The first run derives a commitment key and keeps it in the cache.`;

export function addDemo(parent: Command, context: CommandContext): void {
  const command = parent
    .command("demo")
    .description("Prove the SHA-256 of a file in at least 8 shards on a network of processes.")
    .argument("[file]", "the file to hash (default: the circuit of SHA-256)")
    .option("--local", "prove in this process, without a network")
    .option(
      "-t, --threads <n>",
      "with --local: worker threads (default: all cores)",
      positiveInteger(1024),
    )
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(withCache(command)),
    "foldmesh demo",
    "foldmesh demo notes.txt --local --threads 2",
  ).action((file: string | undefined, options: DemoArguments) => demo(file, options, context));
}

interface DemoArguments {
  readonly local?: boolean;
  readonly threads?: number;
  readonly cache?: string;
}

async function demo(
  asked: string | undefined,
  { local = false, threads, cache }: DemoArguments,
  context: CommandContext,
): Promise<void> {
  if (!local && threads !== undefined) {
    throw new CLIError("USAGE", "--threads is for --local: the network's provers have their own");
  }
  const file = await readDemoFile(asked);
  const cacheDir = cacheDirectory(cache);
  if (local) {
    const { proveLocally } = await import("../demo/local-demo.ts");
    return proveLocally({ file, cacheDir, ...(threads !== undefined && { threads }) }, context);
  }
  const { proveOnDemoNetwork } = await import("../demo/network-demo.ts");
  return proveOnDemoNetwork({ file, cacheDir }, context);
}
