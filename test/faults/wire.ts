// The wires between the processes: every daemon is reached through a relay that this campaign owns, and so can be
// made slow, lossy or cut off, in both directions, by name.
import { type Server, type Socket, createConnection, createServer } from "node:net";

export type Weather = "clear" | "delay" | "loss" | "cut";

export interface Wire extends AsyncDisposable {
  /** Opens a relay in front of a port. @returns the port to tell others */
  readonly lead: (name: string, port: number) => Promise<number>;
  readonly setWeather: (name: string, weather: Weather) => void;
}

export interface WireInit {
  /** Who has the other end of a connection from this port to that one. */
  readonly whoDials: (from: number, to: number) => Promise<string | undefined>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

const DELAY_MS = 50;
const RESEND_MS = 200;
const LOST = 0.05;
const BROKEN = 0.002;
const SEVERITY: readonly Weather[] = ["clear", "delay", "loss", "cut"];

export function createWire({ whoDials, random }: WireInit): Wire {
  const weathers = new Map<string, Weather>();
  const cables = new Set<Cable>();
  const servers: Server[] = [];
  const weatherBetween = (...names: readonly (string | undefined)[]): Weather =>
    SEVERITY[
      Math.max(...names.map((name) => SEVERITY.indexOf(weathers.get(name ?? "") ?? "clear")))
    ]!;

  const connect = async (near: Socket, name: string, ports: Ports): Promise<void> => {
    near.pause();
    near.on("error", () => {}); // its end is told by `close`
    const from =
      near.remotePort === undefined ? undefined : await whoDials(near.remotePort, ports.own);
    const cable = createCable(near, ports.target, () => weatherBetween(from, name), random);
    cables.add(cable);
    cable.onEnd(() => cables.delete(cable));
  };

  const lead = (name: string, target: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const server = createServer(
        { allowHalfOpen: true },
        (near) => void connect(near, name, { own: port, target }),
      );
      let port = 0;
      servers.push(server);
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        ({ port } = server.address() as { port: number });
        resolve(port);
      });
    });

  return {
    lead,
    setWeather(name, weather) {
      weathers.set(name, weather);
      cables.forEach((cable) => cable.look());
    },
    async [Symbol.asyncDispose]() {
      cables.forEach((cable) => cable.destroy());
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

interface Ports {
  readonly own: number;
  readonly target: number;
}

/** A connection through a relay. */
interface Cable {
  /** The weather may have changed. */
  readonly look: () => void;
  readonly destroy: () => void;
  readonly onEnd: (listener: () => void) => void;
}

function createCable(
  near: Socket,
  target: number,
  weather: () => Weather,
  random: () => number,
): Cable {
  const far = createConnection({ host: "127.0.0.1", port: target, allowHalfOpen: true });
  far.on("error", () => {});
  const destroy = (): void => {
    near.destroy();
    far.destroy();
  };
  const lanes = [pump(near, far), pump(far, near)] as const;
  function pump(from: Socket, to: Socket): () => void {
    /** in order; null is the end of what `from` sends */
    const waiting: { readonly chunk: Buffer | null; readonly due: number }[] = [];
    let timer: NodeJS.Timeout | undefined;
    let lastDue = 0;
    const flow = (): void => {
      clearTimeout(timer);
      if (weather() === "cut") return void from.pause();
      while (waiting.length > 0 && waiting[0]!.due <= performance.now()) {
        const { chunk } = waiting.shift()!;
        if (to.destroyed) continue;
        if (chunk === null) to.end();
        else to.write(chunk);
      }
      if (waiting.length > 0)
        timer = setTimeout(flow, Math.max(0, waiting[0]!.due - performance.now()));
      if (from.isPaused() && to.writableLength < 2 ** 20) from.resume();
    };
    const put = (chunk: Buffer | null): void => {
      const now = performance.now();
      lastDue = Math.max(lastDue, now + latencyIn(weather(), random));
      waiting.push({ chunk, due: lastDue });
      if (weather() === "loss" && random() < BROKEN) return destroy();
      flow();
      if (to.writableLength > 2 ** 20) from.pause();
    };
    to.on("drain", flow);
    from.on("data", put);
    from.on("end", () => put(null));
    from.on("close", (failed) => {
      if (failed) broken = true;
      look();
    });
    return flow;
  }
  let broken = false;
  /** A connection that broke is only found broken where the news can travel. */
  function look(): void {
    if (broken && weather() !== "cut") return destroy();
    for (const flow of lanes) flow();
  }
  const ends: (() => void)[] = [];
  let open = 2;
  for (const socket of [near, far]) {
    socket.on("close", () => {
      open--;
      if (open === 0) ends.forEach((listener) => listener());
    });
  }
  look();
  return { look, destroy, onEnd: (listener) => void ends.push(listener) };
}

function latencyIn(weather: Weather, random: () => number): number {
  if (weather === "delay") return DELAY_MS;
  return weather === "loss" && random() < LOST ? RESEND_MS : 0;
}
