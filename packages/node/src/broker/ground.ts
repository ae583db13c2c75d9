// What a running job stands on: the states between its leaves, and the prover's session that verifies what comes.

import { elementFromHex } from "@foldmesh/client";
import type { Context } from "../context.ts";
import type { SessionLease } from "../sessions.ts";
import type { Accepted } from "./accept.ts";
import type { Court } from "./judge.ts";
import { statesBetweenLeaves } from "./states.ts";

export interface Ground extends Court {
  readonly used: SessionLease;
}

export interface GroundRequest {
  readonly context: Context;
  readonly accepted: Accepted;
  readonly signal: AbortSignal;
  /** now and then, and at the end @param done steps */
  readonly onExecuted: (done: number) => void;
}

const EXECUTED_MS = 250;

/** Executes the computation while the session opens. @throws R1CSError, ProverError, Error when it ends elsewhere */
export async function prepareGround(request: GroundRequest): Promise<Ground> {
  const { context, accepted, signal } = request;
  const { program, input, size } = accepted;
  const { stepsPerLeaf } = size;
  const { key, request: asked } = accepted;
  const system = { program, stepsPerLeaf, context: elementFromHex(asked.context), key };
  const opening = context.sessions.use(system);
  opening.catch(() => {}); // awaited below, unless the execution fails before
  const onProgress = seldom(request);
  const states = await statesBetweenLeaves(program, input, stepsPerLeaf, { signal, onProgress });
  checkEnd(accepted, states.at(-1)!);
  const used = await opening;
  return { used, session: used.session, network: context.network, states, signal };
}

function seldom({ accepted, onExecuted }: GroundRequest): (done: number) => void {
  let last = 0;
  return (done) => {
    if (performance.now() - last < EXECUTED_MS && done < accepted.request.steps) return;
    last = performance.now();
    onExecuted(done);
  };
}

function checkEnd({ request: { zN } }: Accepted, end: readonly bigint[]): void {
  if (zN === undefined || zN.every((x, i) => elementFromHex(x) === end[i])) return;
  throw new Error(
    `the computation ends in [${end.map(String).join(", ")}], not in the state that the request claims`,
  );
}
