// What a running job stands on: the states between its leaves, as far as its computation has been executed, and the prover's
// session that verifies what comes.

import { elementFromHex } from "@foldmesh/client";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";
import type { Court } from "./judge.ts";
import { createKeptStates } from "./kept-states.ts";
import { createPace } from "./pace.ts";
import type { Speeds } from "./speeds.ts";
import { type State, statesBetweenLeaves } from "./states.ts";

export interface Ground {
  /** What a leaf takes to execute, ms, as soon as that is known. */
  readonly leafMs: Promise<number>;
  /** The whole computation has been executed. Rejects with R1CSError, ProverError, or Error when it ends elsewhere than it should. */
  readonly executed: Promise<void>;
  /** The state before a leaf, or after the last: waits until the computation has been executed that far. */
  stateBefore(leaf: number): Promise<State>;
  /** Waits for the session. @throws ProverError */
  court(): Promise<Court>;
  /** Lets go of the session. */
  leave(): void;
}

export interface GroundRequest {
  readonly context: Context;
  readonly accepted: Accepted;
  readonly speeds: Speeds;
  readonly signal: AbortSignal;
  /** after every leaf */
  readonly onExecuted: (leaves: number) => void;
}

/** Begins to execute the computation and to open the session. */
export function layGround(request: GroundRequest): Ground {
  const { context, accepted, speeds, signal, onExecuted } = request;
  const { program, input, size, request: asked, key } = accepted;
  const { stepsPerLeaf } = size;
  const states = Array.from({ length: size.leaves + 1 }, () => Promise.withResolvers<State>());
  states[0]!.resolve(input.z0);
  const onProgress = (leaves: number, state: State): void => {
    states[leaves]!.resolve(state);
    kept.add(leaves, state);
    onExecuted(leaves);
  };
  const pace = createPace(speeds, asked.program);
  const { onStep } = pace;
  const kept = createKeptStates(context.keep, accepted, signal);
  const executing = kept
    .load()
    .then((known) =>
      statesBetweenLeaves(program, input, stepsPerLeaf, { signal, onProgress, onStep, known }),
    )
    .finally(pace.end);
  const executed = executing.then((all) => checkEnd(accepted, all.at(-1)!));
  executed.catch((error: unknown) => states.forEach(({ reject }) => reject(error)));
  for (const { promise } of states) promise.catch(() => {}); // nobody may be waiting
  const system = { program, stepsPerLeaf, context: elementFromHex(asked.context), key };
  const opening = context.sessions.use(system);
  opening.catch(() => {}); // whoever needs it hears of it
  const stateBefore = (leaf: number): Promise<State> => states[leaf]!.promise;
  return {
    leafMs: pace.stepMs.then((ms) => ms * stepsPerLeaf),
    executed,
    stateBefore,
    async court() {
      const { session } = await opening;
      return { network: context.network, session, stateBefore, signal };
    },
    leave: () =>
      void opening.then(
        (used) => used[Symbol.dispose](),
        () => undefined, // there was none
      ),
  };
}

function checkEnd({ request: { zN } }: Accepted, end: State): void {
  if (zN === undefined || zN.every((x, i) => elementFromHex(x) === end[i])) return;
  throw new Error(
    `the computation ends in [${end.map(String).join(", ")}], not in the state that the request claims`,
  );
}
