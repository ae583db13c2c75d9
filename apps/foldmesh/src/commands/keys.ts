import { join } from "node:path";
import type { Command } from "commander";
import { dataDirectory, makeDataDirectory } from "../io/data-dir.ts";
import { showPath } from "../io/paths.ts";
import { type CommandContext, withData, withExamples, withJSON } from "./context.ts";

export function addKeys(parent: Command, context: CommandContext): void {
  const command = parent
    .command("keys")
    .description(
      "Tell the peer id of a data directory's daemon; make its key where it is missing.",
    );
  withExamples(
    withData(withJSON(command)),
    "foldmesh keys",
    "foldmesh keys --data prover-1",
  ).action((options: { data?: string }) => keys(options, context));
}

async function keys({ data }: { data?: string }, { terminal }: CommandContext): Promise<void> {
  const { loadIdentity } = await import("@foldmesh/node");
  const { peerOf } = await import("../remote/peer-id.ts");
  const directory = dataDirectory(data);
  await makeDataDirectory(directory);
  const peer = peerOf(await loadIdentity(directory));
  const file = join(directory, "node.key");
  terminal.result({ peer, file });
  terminal.line(`peer  ${peer}`);
  terminal.line(`key   ${showPath(file)} (keep a copy; whoever has it is this peer)`);
}
