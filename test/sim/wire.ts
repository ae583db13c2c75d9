// Machines and what lies between them: messages are lost, late, doubled, and stopped by partitions; machines crash, freeze and come back.

import type { Contents, Kind, PeerId, SignedMessage } from "@foldmesh/protocol";
import { idOfPayload, messageId, peerFromPublicKey } from "@foldmesh/protocol";
import type { Agenda } from "./agenda.ts";

export interface Weather {
  readonly loss: number;
  readonly doubled: number;
  /** chance that a message takes up to two seconds */
  readonly late: number;
}

export class Machine {
  readonly id: PeerId;
  /** its clock is wrong by this many ms */
  readonly skew: number;
  isUp = true;
  /** raised by a crash: what was in memory is gone */
  life = 0;
  /** machines of different sides do not reach each other */
  side = 0;

  constructor(name: string, skew: number) {
    const raw = new Uint8Array(32);
    raw.set(new TextEncoder().encode(name));
    this.id = peerFromPublicKey(raw);
    this.skew = skew;
  }
}

export class Wire {
  readonly agenda: Agenda;
  readonly #weather: Weather;

  constructor(agenda: Agenda, weather: Weather) {
    this.agenda = agenda;
    this.#weather = weather;
  }

  reaches(a: Machine, b: Machine): boolean {
    return a === b || (a.isUp && b.isUp && a.side === b.side);
  }

  clock(machine: Machine): number {
    return this.agenda.now + machine.skew;
  }

  /** @returns whether it was sent off at all; it may still not arrive */
  send(from: Machine, to: Machine, deliver: () => void): boolean {
    const { loss, doubled } = this.#weather;
    if (!this.reaches(from, to) || (from !== to && this.agenda.chance(loss))) return false;
    this.#carry(from, to, deliver);
    if (this.agenda.chance(doubled)) this.#carry(from, to, deliver);
    return true;
  }

  /** In `ms`, unless the machine has crashed meanwhile; a frozen one does it when it goes on. */
  after(machine: Machine, ms: number, act: () => void): void {
    const { life } = machine;
    const attempt = (): void => {
      if (machine.life !== life) return;
      if (machine.isUp) act();
      else this.agenda.in(200, attempt);
    };
    this.agenda.in(ms, attempt);
  }

  #carry(from: Machine, to: Machine, deliver: () => void): void {
    const isLate = this.agenda.chance(this.#weather.late);
    const ms = from === to ? 0 : this.agenda.between(2, isLate ? 2_000 : 60);
    this.agenda.in(ms, () => {
      if (this.reaches(from, to)) deliver();
    });
  }
}

/** A message as the codec would give it, but never signed: the state machines trust their shell to have checked. */
export function unsigned<K extends Kind>(
  sender: PeerId,
  kind: K,
  content: Contents[K],
): SignedMessage<K> {
  return { kind, sender, content, id: messageId(kind, sender, content), bytes: new Uint8Array() };
}

export const cidOf = (name: string): string => idOfPayload(new TextEncoder().encode(name));
