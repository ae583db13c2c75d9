import type { PeerId, SignedMessage } from "@foldmesh/protocol";
import type { Offence } from "./offences.ts";

/** What happens on the network, for logs, metrics and the roles. */
export type NetworkEvent =
  | { readonly kind: "listening"; readonly addresses: readonly string[] }
  | { readonly kind: "connected"; readonly peer: PeerId }
  | { readonly kind: "disconnected"; readonly peer: PeerId }
  /** still connected, but it has not answered for two seconds: dead, frozen or cut off, unless it is "answering" again */
  | { readonly kind: "silent" | "answering"; readonly peer: PeerId }
  /** all attempts to come back to a peer that was to be kept have failed */
  | { readonly kind: "lost"; readonly peer: PeerId }
  | { readonly kind: "bootstrapped"; readonly peer: PeerId; readonly address: string }
  | { readonly kind: "bootstrap-failed"; readonly address: string; readonly reason: string }
  | {
      readonly kind: "offence";
      readonly peer: PeerId;
      readonly offence: Offence;
      readonly detail: string;
      readonly score: number;
    }
  /** it seemed to stall, but this process itself stood still for `paused` ms of the wait */
  | {
      readonly kind: "excused";
      readonly peer: PeerId;
      readonly offence: Offence;
      readonly detail: string;
      readonly paused: number;
    }
  | { readonly kind: "banned"; readonly peer: PeerId }
  | { readonly kind: "advertised"; readonly sequence: number }
  | { readonly kind: "advertising-failed"; readonly reason: string }
  /** two genuine adverts for one sequence number: evidence against their sender */
  | {
      readonly kind: "equivocation";
      readonly peer: PeerId;
      readonly messages: readonly [
        SignedMessage<"CapabilityAdvert">,
        SignedMessage<"CapabilityAdvert">,
      ];
    }
  /** a handler of ours threw: our mistake, not the peer's */
  | { readonly kind: "handler-failed"; readonly where: string; readonly error: unknown };

export type Observer = (event: NetworkEvent) => void;

/** Fans events out; an observer that throws is our own mistake and stops the program. */
export interface EventHub {
  readonly emit: Observer;
  /** @returns a function that ends the observation */
  readonly observe: (observer: Observer) => () => void;
}

export function createEventHub(): EventHub {
  const observers = new Set<Observer>();
  return {
    emit(event) {
      for (const observer of observers) observer(event);
    },
    observe(observer) {
      const own: Observer = (event) => observer(event); // the same function may observe twice
      observers.add(own);
      return () => void observers.delete(own);
    },
  };
}
