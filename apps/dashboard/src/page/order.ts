// A job from its order to the verdict.

import { type Bundle, type Client, type JobRequest, suggestedCap } from "@foldmesh/client";
import { originOf } from "@foldmesh/client/verify";
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
 * Orders, watches and verifies. The verifying key is derived from the program while others prove; of the
 * gateway only the number of steps in a leaf is taken, and a false one makes no proof verify.
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
  const derive = async (steps: number): Promise<KeyInfo> => {
    const argument = { program, stepsPerLeaf: steps };
    const key = await verifier.call("derive", argument, watcher.onKeyProgress);
    watcher.onKey(key);
    return key;
  };
  const deriving = derive(stepsPerLeaf);
  deriving.catch(() => {}); // awaited below, if the job comes that far
  await watch(client, job, watcher, signal);
  const proof = await client.result(job, { signal });
  watcher.onProof(proof);
  const { digest } = await keyFor(proof, deriving, derive);
  const asked = { z0: input.z0, steps: stepCount(input), zn };
  return verifier.call("verify", { key: digest, proof, asked });
}

/** The key of the proof's own leaves, which need not be those of the quote; where there is none, the quote's. */
async function keyFor(
  proof: Uint8Array,
  deriving: Promise<KeyInfo>,
  derive: (stepsPerLeaf: number) => Promise<KeyInfo>,
): Promise<KeyInfo> {
  const quoted = await deriving;
  const { stepsPerLeaf } = originOf(proof) ?? quoted;
  return stepsPerLeaf === quoted.stepsPerLeaf ? quoted : derive(stepsPerLeaf).catch(() => quoted);
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
