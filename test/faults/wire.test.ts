// The relay between processes: faithful in clear weather, and held up, slowed or broken as told.
import { type Server, type Socket, createConnection, createServer } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Wire, createWire } from "./wire.ts";

let server: Server;
let wire: Wire;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket); // an echo
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: target } = server.address() as { port: number };
  wire = createWire({ whoDials: () => Promise.resolve("dialer"), random: Math.random });
  port = await wire.lead("echo", target);
});
afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  await wire[Symbol.asyncDispose]();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = createConnection(port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

async function echo(socket: Socket, bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.end(bytes);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("the wire", () => {
  it("carries every byte, and the ends", async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20, "foldmesh");
    expect((await echo(await dial(), bytes)).equals(bytes)).toBe(true);
  });

  it.each(["echo", "dialer"])(
    "holds everything while %s is cut off, and then carries it",
    async (name) => {
      const socket = await dial();
      socket.write("before ");
      expect(String((await once(socket, "data"))[0])).toBe("before ");
      wire.setWeather(name, "cut");
      let came = "";
      socket.on("data", (chunk) => (came += String(chunk)));
      socket.write("during");
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(came).toBe("");
      wire.setWeather(name, "clear");
      await expect.poll(() => came).toBe("during");
    },
  );

  it("delays by 50 ms each way", async () => {
    wire.setWeather("echo", "delay");
    const socket = await dial();
    const sent = performance.now();
    socket.write("x");
    await once(socket, "data");
    expect(performance.now() - sent).toBeGreaterThan(99);
  });

  it("closes the far end when the near one dies", async () => {
    const socket = await dial();
    socket.write("x");
    await once(socket, "data");
    const [served] = sockets.filter((each) => each !== socket);
    socket.resetAndDestroy();
    await once(served!, "close");
    expect(served!.destroyed).toBe(true);
  });
});
