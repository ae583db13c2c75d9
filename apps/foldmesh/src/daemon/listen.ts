// Where a daemon listens.
import { createServer } from "node:net";
import { CLIError } from "../errors.ts";

const PORT = 4501;
const WEBSOCKET_PORT = 4502;

/** On every address: TCP and WebSockets, on Foldmesh's ports or, where something else has them, on any. */
export async function defaultListen(): Promise<readonly string[]> {
  const ports = await Promise.all(
    [PORT, WEBSOCKET_PORT].map(async (port) => ((await isFree(port, "0.0.0.0")) ? port : 0)),
  );
  return [`/ip4/0.0.0.0/tcp/${ports[0]}`, `/ip4/0.0.0.0/tcp/${ports[1]}/ws`];
}

/** Refuses addresses that this machine does not have, and ports that something else listens on. @throws CLIError LISTEN */
export async function checkListen(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d{1,5})(?:\/|$)/.exec(address) ?? [];
    if (host === undefined || (await isFree(Number(port), host))) continue;
    throw new CLIError(
      "LISTEN",
      `${address} cannot be listened on: something else listens there, or this machine does not have the address; choose another --listen`,
    );
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  if (port > 65_535) return Promise.resolve(true); // refused with a sentence where it is parsed
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
