// Who is there: members of a network with what they offer.
import { randomBytes } from "node:crypto";
import { type Network, type SignedAdvert, createNetwork } from "@foldmesh/network";

export interface LookRequest {
  /** any member */
  readonly address: string;
  readonly reach: "local" | "public";
  readonly limit: number;
  readonly signal: AbortSignal;
}

const ROLES = ["broker", "prover", "aggregator", "validator"] as const;

/** @throws NetworkError BAD_ADDRESS, UNREACHABLE, TIMEOUT, ABORTED */
export async function lookAround(request: LookRequest): Promise<readonly SignedAdvert[]> {
  const { address, reach, signal } = request;
  const privateKey = new Uint8Array(randomBytes(32));
  const network = await createNetwork({ privateKey, directory: "client", reach, topics: [] });
  try {
    const dialed = await network.dial(address, { signal });
    const own = await network.capabilities.of(dialed, { signal }).catch(() => undefined);
    const found = await Promise.all(ROLES.map((role) => findRole(network, role, request)));
    const adverts = [...(own === undefined ? [] : [own]), ...found.flat()];
    return [...new Map(adverts.map((advert) => [advert.sender, advert])).values()];
  } finally {
    await network.stop();
  }
}

const findRole = (
  { capabilities }: Network,
  role: (typeof ROLES)[number],
  { limit, signal }: LookRequest,
): Promise<readonly SignedAdvert[]> =>
  capabilities.find({ role }, { limit, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === "NetworkError") return [];
    throw error;
  });
