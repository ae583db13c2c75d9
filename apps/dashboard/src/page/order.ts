// A job from its order to the verdict.

import { type Bundle, type Client, type JobRequest, suggestedCap } from "@foldmesh/client";
import { type JobInput, stepCount } from "@foldmesh/r1cs";
import type { JobModel } from "./job-model.ts";
import { NO_JOB, advance } from "./job-model.ts";
import type { Verifier } from "./verifier.ts";
import type { Calls, KeyInfo } from "./verifier-messages.ts";

export interface Wish {
  readonly program: Bundle;
  readonly input: JobInput;
  readonly zn: readonly bigint[] | undefined;
  /** micro-units; default from the standing asks */
  readonly cap: bigint | undefined;
}

export interface Watcher {
  readonly onJob: (model: JobModel) => void;
  readonly onOrder: (job: string) => void;
  readonly onKeyProgress: (done: number, total: number) => void;
  readonly onKey: (key: KeyInfo) => void;
  /** the proof is here, not verified yet */
  readonly onProof: (proof: Uint8Array) => void;
}

/** How long a job may take, ms. */
const PATIENCE = 30 * 60_000;

/**
 * Orders, watches and verifies. The verifying key is derived from the program while others prove: of the
 * gateway only the number of steps in a leaf is taken, and a wrong one makes no proof verify.
 */
export async function order(
  client: Client,
  verifier: Verifier,
  wish: Wish,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Calls["verify"]["result"]> {
  const { program, input, zn } = wish;
  const request: JobRequest = {
    program,
    input,
    maxPrice: wish.cap ?? 0n,
    deadline: Date.now() + PATIENCE,
    ...(zn && { zn }),
  };
  const quote = await client.quote(request, { signal });
  const maxPrice = wish.cap ?? suggestedCap(quote);
  const { stepsPerLeaf } = quote;
  const { job } = await client.submit({ ...request, maxPrice }, { signal });
  watcher.onOrder(job);
  const deriving = verifier.call("derive", { program, stepsPerLeaf }, watcher.onKeyProgress);
  deriving.then(watcher.onKey, () => {});
  await watch(client, job, watcher, signal);
  const proof = await client.result(job, { signal });
  watcher.onProof(proof);
  const { digest } = await deriving;
  const asked = { z0: input.z0, steps: stepCount(input), zn };
  return verifier.call("verify", { key: digest, proof, asked });
}

async function watch(
  client: Client,
  job: string,
  { onJob }: Watcher,
  signal: AbortSignal,
): Promise<void> {
  let model = NO_JOB;
  for await (const update of client.watch(job, { signal })) {
    model = advance(model, update);
    onJob(model);
  }
}
