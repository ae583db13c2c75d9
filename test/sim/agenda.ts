// Virtual time and chance: what happens when, all of it drawn from one seed.

import { createRandom } from "../random.ts";

interface Appointment {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** A heap of what is to be done; of two things at the same time the one planned first comes first. */
export class Agenda {
  now = 0;
  /** done so far */
  events = 0;
  readonly random: () => number;
  readonly #heap: Appointment[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = createRandom(seed).next;
  }

  in(ms: number, act: () => void): void {
    this.#push({ at: this.now + Math.max(0, Math.ceil(ms)), order: this.#order++, act });
  }

  /** Again and again, at random times of this mean, until `end`. */
  every(meanMs: number, end: number, act: () => void): void {
    const wait = meanMs * 2 * this.random();
    if (this.now + wait >= end) return;
    this.in(wait, () => {
      act();
      this.every(meanMs, end, act);
    });
  }

  /** Does the next thing. @returns whether there was one */
  next(): boolean {
    const [first] = this.#heap;
    if (first === undefined) return false;
    const last = this.#heap.pop() as Appointment;
    if (this.#heap.length > 0) this.#sink(last);
    this.now = first.at;
    this.events++;
    first.act();
    return true;
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }

  #push(item: Appointment): void {
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 0;) {
      const above = (at - 1) >> 1;
      if (!isBefore(item, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = item;
  }

  #sink(item: Appointment): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, item)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = item;
  }
}

const isBefore = (a: Appointment, b: Appointment): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);
