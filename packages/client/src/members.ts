import { type CallOptions, type Network, NetworkError, type SignedAdvert } from "@foldmesh/network";
import type { PeerId } from "@foldmesh/protocol";

const ROLES = ["broker", "prover", "aggregator", "validator"] as const;
/** Members of one role that are looked for. */
const LIMIT = 50;

/** The broker itself, and whoever can be found for any role. */
export async function findMembers(
  network: Network,
  broker: PeerId,
  options: CallOptions,
): Promise<readonly SignedAdvert[]> {
  const { capabilities } = network;
  const finds = ROLES.map((role) => capabilities.find({ role }, { ...options, limit: LIMIT }));
  const found = await Promise.all([
    capabilities.of(broker, options).then((advert) => [advert], nobody),
    ...finds.map((find) => find.catch(nobody)),
  ]);
  options.signal?.throwIfAborted();
  return [...new Map(found.flat().map((advert) => [advert.sender, advert])).values()];
}

function nobody(error: unknown): readonly SignedAdvert[] {
  if (error instanceof NetworkError) return [];
  throw error;
}
