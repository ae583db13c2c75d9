// What Linux tells of processes and their sockets.
import { readFile, readdir, readlink } from "node:fs/promises";
import { createServer } from "node:net";

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Open files and sockets, and resident memory. */
export async function usageOf(pid: number): Promise<{ handles: number; rssMiB: number }> {
  const [handles, status] = await Promise.all([
    readdir(`/proc/${pid}/fd`),
    readFile(`/proc/${pid}/status`, "utf8"),
  ]);
  const [, kiB] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return { handles: handles.length, rssMiB: Math.round(Number(kiB ?? 0) / 1024) };
}

/** Which of these processes has the end of a loopback connection that goes from one port to another. */
export async function ownerOf(
  from: number,
  to: number,
  pids: readonly number[],
): Promise<number | undefined> {
  const ends = `:${hex(from)} 0100007F:${hex(to)} `;
  const table = await readFile("/proc/net/tcp", "utf8");
  const row = table.split("\n").find((line) => line.includes(ends));
  const inode = row?.trim().split(/\s+/)[9];
  if (inode === undefined) return undefined;
  const owns = await Promise.all(pids.map((pid) => hasSocket(pid, inode)));
  return pids.find((_, i) => owns[i]);
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

async function hasSocket(pid: number, inode: string): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(() => []);
  const links = names.map((name) => readlink(`${directory}/${name}`).catch(() => ""));
  return (await Promise.all(links)).includes(`socket:[${inode}]`);
}

/** Below the ports that Linux gives to connections: one that is free now stays free until its process begins. */
const PORTS = { first: 15_000, count: 15_000 };

/** A port of the loopback address that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
