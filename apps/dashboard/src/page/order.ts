// A job from its order to the verdict, also across a reload of the page.

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

/** What was ordered: enough to go on with it after the page was left. */
export interface Ordered {
  readonly wish: Wish;
  /** asking again with it is asking for the same job */
  readonly id: string;
  readonly maxPrice: bigint;
  readonly deadline: number;
  /** by the quote */
  readonly stepsPerLeaf: number;
  /** the job's name, once a broker has taken it */
  readonly job?: string;
}

/** A broker has taken it. */
export type Taken = Ordered & { readonly job: string };

/** @param onOrdered told before the order is sent, and again when a broker has taken it */
export async function order(
  client: Client,
  wish: Wish,
  onOrdered: (ordered: Ordered) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Taken> {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const deadline = Date.now() + PATIENCE;
  const asked = { wish, id, maxPrice: wish.cap ?? 0n, deadline };
  const quote = await client.quote(requestOf(asked), { signal });
  const { stepsPerLeaf } = quote;
  const ordered = { ...asked, maxPrice: wish.cap ?? suggestedCap(quote), stepsPerLeaf };
  await onOrdered(ordered);
  return submit(client, ordered, onOrdered, signal);
}

async function submit(
  client: Client,
  ordered: Ordered,
  onOrdered: (ordered: Ordered) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Taken> {
  const { job } = await client.submit(requestOf(ordered), { signal });
  const taken = { ...ordered, job };
  await onOrdered(taken);
  return taken;
}

const requestOf = ({ wish, id, maxPrice, deadline }: Omit<Ordered, "stepsPerLeaf">): JobRequest => {
  const { program, input, zn } = wish;
  return { program, input, id, maxPrice, deadline, ...(zn && { zn }) };
};

/** An order that was on its way when the page was left is sent again; one that was taken never is: it would cost twice. */
export async function resume(
  client: Client,
  { job, ...ordered }: Ordered,
  onOrdered: (ordered: Ordered) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Taken> {
  return job === undefined ? submit(client, ordered, onOrdered, signal) : { ...ordered, job };
}

/**
 * Watches a job and verifies its proof. The verifying key is derived from the program while others prove; of the
 * gateway only the number of steps in a leaf is taken, and a false one makes no proof verify.
 */
export async function follow(
  client: Client,
  verifier: Verifier,
  { wish, stepsPerLeaf, job }: Taken,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Calls["verify"]["result"]> {
  const { program, input, zn } = wish;
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
