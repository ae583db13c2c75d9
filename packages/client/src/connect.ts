import { type Network, NetworkError, createNetwork } from "@foldmesh/network";
import { PROTOCOL_VERSION, type PeerId, decodeCanonical } from "@foldmesh/protocol";
import { ClientError } from "./errors.ts";
import { HELLO, greeting } from "./methods.ts";
import { BrokerClient, type Client } from "./client.ts";

export interface ConnectOptions {
  /** A broker, or any member of the network; multiaddr. */
  readonly dial?: string;
  /** Members of the network through which brokers are found; multiaddrs. */
  readonly bootstrap?: readonly string[];
  /** Ed25519 seed of 32 bytes. A job belongs to the key that asked for it; default: a fresh one. */
  readonly privateKey?: Uint8Array;
  /** `public` refuses loopback and private addresses. Default `local`. */
  readonly reach?: "local" | "public";
  /** How long a broker may be out of reach before a call fails, ms. Default 30 000. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Joins the network as a dApp and picks a broker: the peer dialed if it is one, else one found in the DHT.
 * @throws ClientError NO_BROKER; NetworkError BAD_ADDRESS, UNREACHABLE, TIMEOUT, ABORTED
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { dial, bootstrap = [], reach = "local", signal } = options;
  const network = await createNetwork({
    privateKey: options.privateKey ?? crypto.getRandomValues(new Uint8Array(32)),
    directory: "client",
    reach,
    topics: [],
    bootstrap,
  });
  try {
    const dialed = dial === undefined ? undefined : await network.dial(dial, scope(signal));
    const broker = await findBroker(network, dialed, signal);
    await network.keepAlive(broker);
    const address = broker === dialed ? dial : undefined;
    return new BrokerClient(network, { broker, address, patienceMs: options.patienceMs ?? 30_000 });
  } catch (error) {
    await network.stop();
    throw error;
  }
}

const scope = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

async function findBroker(
  network: Network,
  dialed: PeerId | undefined,
  signal: AbortSignal | undefined,
): Promise<PeerId> {
  const wrongVersion: string[] = [];
  for await (const peer of candidates(network, dialed, signal)) {
    const versions = await greet(network, peer, signal);
    if (versions?.includes(PROTOCOL_VERSION)) return peer;
    if (versions !== undefined) wrongVersion.push(`${peer} speaks ${versions.join(", ")}`);
  }
  const found =
    wrongVersion.length === 0
      ? "no broker was found: dial a node that was started with the role broker"
      : `no broker speaks protocol version ${PROTOCOL_VERSION} (${wrongVersion.join("; ")}): update the older side`;
  throw new ClientError("NO_BROKER", found);
}

async function* candidates(
  network: Network,
  dialed: PeerId | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<PeerId> {
  if (dialed !== undefined) yield dialed;
  const adverts = await network.capabilities.find(
    { role: "broker" },
    { limit: 8, ...scope(signal) },
  );
  for (const { sender } of adverts) if (sender !== dialed) yield sender;
}

/** How often a peer that is there, but does not answer, is greeted. */
const GREETINGS = 4;
const AGAIN_MS = 250;

/** The protocol versions that a broker speaks; undefined when the peer is none, or cannot be reached. */
async function greet(
  network: Network,
  peer: PeerId,
  signal: AbortSignal | undefined,
): Promise<readonly number[] | undefined> {
  for (let attempt = 1; attempt <= GREETINGS; attempt++) {
    try {
      const reply = await network.call(peer, HELLO, new Uint8Array(), scope(signal));
      return decodeCanonical(greeting, reply, "greeting").versions;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof NetworkError)) throw error;
      if (error.code === "UNSUPPORTED") return undefined;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * attempt));
    }
  }
  return undefined;
}
