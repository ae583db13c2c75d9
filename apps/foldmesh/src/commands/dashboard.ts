import type { Command } from "commander";
import { positiveInteger } from "../arguments.ts";
import { paint } from "../io/terminal.ts";
import { type CommandContext, withExamples, withJSON } from "./context.ts";

const ABOUT = `
The page joins the network by itself, as a dApp: it dials a broker's WebSocket address, orders a proof, shows
who works on it, and verifies the result in the browser. The node that it dials is not trusted for that.`;

/** Where a daemon of this machine usually listens for pages. */
const USUAL_NODE = "/ip4/127.0.0.1/tcp/4502/ws";

interface DashboardArguments {
  readonly port: number;
  readonly host: string;
  readonly dial: string;
}

export function addDashboard(parent: Command, context: CommandContext): void {
  const command = parent
    .command("dashboard")
    .description("Serve a web page that orders proofs and verifies them.")
    .option("--port <port>", "listen on this port", positiveInteger(65_535), 8080)
    .option("--host <address>", "listen on this address", "127.0.0.1")
    .option("--dial <multiaddr>", "the node that the page dials at first", USUAL_NODE)
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(command),
    "foldmesh dashboard",
    "foldmesh dashboard --port 8000 --dial /ip4/192.0.2.1/tcp/4502/ws",
  ).action((options: DashboardArguments) => serve(options, context));
}

async function serve(
  { port, host, dial }: DashboardArguments,
  { signal, terminal, endsBySignal }: CommandContext,
): Promise<void> {
  const { servePage } = await import("@foldmesh/dashboard");
  const server = await servePage({ port, host });
  const url = `${server.url}?dial=${encodeURIComponent(dial)}`;
  terminal.result({ url });
  terminal.line(`${paint(["green", "bold"], "ready")} ${url}`);
  endsBySignal();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
  await server.close();
}
