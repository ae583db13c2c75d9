import { createServer } from "node:net";

const PORT = 4501;
const WEBSOCKET_PORT = 4502;

/** On every address: TCP and WebSockets, on Foldmesh's ports or, where something else has them, on any. */
export async function defaultListen(): Promise<readonly string[]> {
  const [port, websocketPort] = await Promise.all([PORT, WEBSOCKET_PORT].map(freePort));
  return [`/ip4/0.0.0.0/tcp/${port}`, `/ip4/0.0.0.0/tcp/${websocketPort}/ws`];
}

/** `port`, or 0 where it is taken. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(0));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(port)));
  });
}
