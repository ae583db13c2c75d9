import type { PeerId } from "@foldmesh/protocol";
import type { SignedAdvert } from "./advert-book.ts";

const MAX_PARALLEL = 16;
/** Asked beyond what is needed: somebody may not answer. */
export const SPARE = 1;

/** Asks several peers at a time, and ends with the `limit`-th good advert; whoever does not answer is left out. */
export async function confirm(
  search: (signal: AbortSignal) => AsyncIterable<PeerId>,
  ask: (peer: PeerId, signal: AbortSignal) => Promise<SignedAdvert>,
  good: (advert: SignedAdvert) => boolean,
  limit: number,
  signal: AbortSignal,
): Promise<readonly SignedAdvert[]> {
  const found: SignedAdvert[] = [];
  const enough = new AbortController();
  const both = AbortSignal.any([signal, enough.signal]);
  const full = new Promise((resolve) => enough.signal.addEventListener("abort", resolve));
  const pending = new Set<Promise<void>>();
  const parallel = Math.min(limit + SPARE, MAX_PARALLEL);
  const visit = async (peer: PeerId): Promise<void> => {
    const advert = await ask(peer, both).catch(() => undefined);
    if (advert !== undefined && good(advert) && found.length < limit) found.push(advert);
    if (found.length >= limit) enough.abort();
  };
  const walk = async (): Promise<void> => {
    for await (const peer of search(both)) {
      const visiting = visit(peer).finally(() => pending.delete(visiting));
      pending.add(visiting);
      while (pending.size >= parallel) await Promise.race(pending);
    }
    await Promise.all(pending);
  };
  // the last ones are not kept waiting for a search that would only find more
  const walking = walk().catch((thrown: unknown) => {
    if (!enough.signal.aborted) throw thrown;
  });
  await Promise.race([walking, full]);
  enough.abort();
  signal.throwIfAborted();
  return found;
}
