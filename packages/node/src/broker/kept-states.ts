// The states of a computation, written down as it is executed: a broker that was killed goes on executing where it was.

import { setTimeout as sleep } from "node:timers/promises";
import { ELEMENT_BYTES, Fp, elementsFromBytes, elementsToBytes } from "@foldmesh/algebra";
import type { Keep } from "../keep/keep.ts";
import { listOf } from "../keep/list-of.ts";
import type { Accepted } from "./accept.ts";
import type { State } from "./states.ts";

export interface KeptStates {
  /** The states after the first leaves. */
  load(): Promise<readonly State[]>;
  /** What is known already is not written again. @param leaves that end in the state, one more each time */
  add(leaves: number, state: State): void;
}

const PAUSE_MS = 250;

export function createKeptStates(
  { rooms }: Pick<Keep, "rooms">,
  { job, program, size }: Pick<Accepted, "job" | "program" | "size">,
  signal: AbortSignal,
): KeptStates {
  const stateBytes = ELEMENT_BYTES * program.step.stateSize;
  const pending: State[] = [];
  let known = 0;
  let isWriting = false;

  const write = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    while (pending.length > 0 && !signal.aborted) {
      const { length } = pending;
      await rooms.states.append(job, [elementsToBytes(pending.flat())]).then(
        () => pending.splice(0, length),
        () => undefined, // the next time, then: it only saves work
      );
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
    isWriting = false;
  };

  return {
    async load() {
      const events = await listOf(rooms.states.read(job));
      const states = events.flatMap(({ event }) =>
        Array.from({ length: event.length / stateBytes }, (_, i) =>
          elementsFromBytes(event.subarray(i * stateBytes, (i + 1) * stateBytes), Fp.modulus),
        ),
      );
      known = states.length;
      return states.slice(0, size.leaves);
    },
    add(leaves, state) {
      if (leaves <= known) return;
      pending.push(state);
      void write();
    },
  };
}
