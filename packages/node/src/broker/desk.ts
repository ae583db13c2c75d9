// Requests are looked at a few at a time: each may bring a gigabyte, whoever it comes from.

import { RequestRefused } from "@foldmesh/network";
import type { PeerId } from "@foldmesh/protocol";

export interface Desk {
  /** Takes a place until it is disposed of. @throws RequestRefused BUSY */
  enter(peer: PeerId): Disposable;
}

const PLACES = 32;
const PLACES_OF_ONE = 8;

export function createDesk(): Desk {
  const taken = new Map<PeerId, number>();
  let all = 0;
  return {
    enter(peer) {
      const own = taken.get(peer) ?? 0;
      if (all >= PLACES || own >= PLACES_OF_ONE) {
        throw new RequestRefused(
          "BUSY",
          "this broker looks at other requests: ask again in a moment",
        );
      }
      taken.set(peer, own + 1);
      all++;
      return {
        [Symbol.dispose]() {
          all--;
          const left = (taken.get(peer) ?? 1) - 1;
          if (left > 0) taken.set(peer, left);
          else taken.delete(peer);
        },
      };
    },
  };
}
