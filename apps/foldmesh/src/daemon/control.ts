// How other commands reach a running daemon: a socket in its data directory, which also keeps a second daemon
// out of that directory. Whoever connects is sent one JSON document; nothing is read from him.
import { chmod, rm } from "node:fs/promises";
import { type Server, createConnection, createServer } from "node:net";
import { join } from "node:path";
import { CLIError, EXIT } from "../errors.ts";
import { showPath } from "../io/paths.ts";
import { toJSON } from "../io/terminal.ts";

const SOCKET = "control.sock";
/** Of the system's address, in bytes (macOS; Linux takes four more). */
const MAX_PATH_BYTES = 103;
const PATIENCE_MS = 5_000;

export interface Control extends AsyncDisposable {
  /** From now on, asked by others. */
  readonly answerWith: (status: () => object) => void;
}

/** @throws CLIError RUNNING when another daemon works on this data directory, FILE */
export async function openControl(dataDir: string): Promise<Control> {
  const path = socketPath(dataDir);
  if (await isAnswering(path)) {
    throw new CLIError(
      "RUNNING",
      `a daemon is running on the data directory ${showPath(dataDir)} already: give this one another with --data`,
    );
  }
  await rm(path, { force: true }); // left by a daemon that was killed
  let status = (): object => ({ state: "starting" });
  const server = createServer((socket) => {
    socket.on("error", () => {}); // whoever asked went away
    socket.end(`${toJSON(status())}\n`);
  });
  await listen(server, path);
  return {
    answerWith: (answer) => (status = answer),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The running daemon's status document. @throws CLIError NOT_RUNNING */
export async function askDaemon(dataDir: string, signal: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    return JSON.parse(await receive(socketPath(dataDir), limit));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof CLIError) throw cause;
    throw new CLIError(
      "NOT_RUNNING",
      `no daemon answers on the data directory ${showPath(dataDir)}: start one with "foldmesh start", or name its directory with --data`,
      { exitCode: EXIT.network, cause },
    );
  }
}

function socketPath(dataDir: string): string {
  const path = join(dataDir, SOCKET);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  throw new CLIError(
    "FILE",
    `the data directory's path is too long for a socket in it: ${path} has ${Buffer.byteLength(path)} bytes, at most ${MAX_PATH_BYTES} are possible`,
  );
}

const isAnswering = (path: string): Promise<boolean> =>
  receive(path, AbortSignal.timeout(PATIENCE_MS)).then(
    () => true,
    () => false,
  );

function receive(path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = createConnection({ path, signal });
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ path }, resolve);
    });
    await chmod(path, 0o600);
  } catch (cause) {
    throw new CLIError(
      "FILE",
      `the socket ${showPath(path)} cannot be made (${(cause as Error).message}): name a data directory that this user may write`,
      { cause },
    );
  }
}
