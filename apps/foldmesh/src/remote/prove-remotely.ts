// A job on the network, from the dApp's side: connect, quote, order, watch, fetch, verify.
import { setTimeout } from "node:timers/promises";
import {
  type Client,
  ClientError,
  type JobRequest,
  type Submitted,
  connect,
  suggestedCap,
} from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { NetworkError } from "@foldmesh/network";
import { type KeyChoice, type Verdict, namePowers, verifyProof } from "@foldmesh/prover";
import type { JobInput } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { CLIError, EXIT } from "../errors.ts";
import type { RemoteEvent } from "./events.ts";
import type { RequestIdentity } from "./identity.ts";
import type { Terms } from "./memory.ts";

export interface RemoteRequest {
  /** directory of the program */
  readonly program: string;
  readonly input: JobInput;
  /** the state that it must end with, where that is known */
  readonly zn?: readonly bigint[];
  readonly identity: RequestIdentity;
  /** brokers or members, tried in this order */
  readonly addresses: readonly string[];
  /** micro-units; default: three times what the job costs by the standing asks */
  readonly maxPrice?: bigint;
  /** how long the job may take, ms */
  readonly time: number;
  /** the commitment key that the program is bound to */
  readonly key: KeyChoice;
  readonly reach?: "local" | "public";
  readonly cacheDir: string;
  /** order and leave */
  readonly detach?: boolean;
}

export interface RemoteOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: RemoteEvent) => void;
}

export interface RemoteProof {
  readonly order: Submitted;
  /** null for a job that was left alone */
  readonly finished: { readonly proof: Uint8Array; readonly verdict: Verdict } | null;
}

/** @throws CLIError, ClientError, NetworkError */
export async function proveRemotely(
  request: RemoteRequest,
  options: RemoteOptions,
): Promise<RemoteProof> {
  const { identity, input, zn } = request;
  const program = await readBundle(request.program);
  const { key } = request;
  const powers = key === "transparent" ? {} : { powers: (await namePowers(key.ptau)).name };
  checkState(input, program.manifest.stateSize);
  const { id, memory } = identity;
  const asked = { program, ...powers, input, id, ...(zn && { zn }) };
  const { client, order } = await orderAnywhere(asked, request, options);
  try {
    const remembered = client
      .places(order)
      .then(memory.rememberPlaces)
      .catch(() => undefined); // the job goes on all the same
    if (request.detach === true) {
      await remembered;
      return { order, finished: null };
    }
    const proof = await follow(client, order, options);
    options.onEvent({ kind: "checking", bytes: proof.length });
    const verdict = await check(request, proof, options.signal);
    options.onEvent({ kind: "checked", ok: verdict.ok, ms: verdict.ms });
    await remembered.then(memory.forget);
    return { order, finished: { proof, verdict } };
  } finally {
    await client.close();
  }
}

/** Found here already, before anybody is asked. */
function checkState({ z0 }: JobInput, stateSize: number): void {
  if (z0.length === stateSize) return;
  throw new CLIError(
    "INPUT",
    `z0 must have ${stateSize} elements, the program's state; it has ${z0.length}`,
  );
}

type Asked = Omit<JobRequest, "maxPrice" | "deadline">;

/** What may have been taken already is asked for as it was then: by the same terms it is the same job, wherever it is known. */
async function orderJob(
  client: Client,
  asked: Asked,
  request: RemoteRequest,
  options: RemoteOptions,
): Promise<Submitted> {
  const { signal, onEvent } = options;
  const { memory } = request.identity;
  const { terms: before } = memory;
  const terms = before ?? (await newTerms(client, asked, request, options));
  await memory.rememberTerms(terms);
  const { broker, ...limits } = terms;
  try {
    const ifKnown = broker !== client.broker;
    const order = await client.submit({ ...asked, ...limits }, { signal, ifKnown });
    onEvent({ kind: "ordered", order });
    return order;
  } catch (error) {
    const isRefused = error instanceof ClientError && error.code === "REFUSED";
    if (!isRefused || broker !== client.broker) throw error;
    await memory.forget(); // it was not taken
    const isLate = before !== undefined && error.reason === "EXPIRED";
    if (!isLate) throw error;
    return orderJob(client, asked, request, options);
  }
}

async function newTerms(
  client: Client,
  asked: Asked,
  request: RemoteRequest,
  { signal, onEvent }: RemoteOptions,
): Promise<Terms> {
  const deadline = Date.now() + request.time;
  const maxPrice = request.maxPrice ?? 0n;
  const quote = await client.quote({ ...asked, deadline, maxPrice }, { signal });
  const terms = {
    maxPrice: request.maxPrice ?? suggestedCap(quote),
    deadline,
    broker: client.broker,
  };
  onEvent({ kind: "quoted", quote, maxPrice: terms.maxPrice });
  return terms;
}

const CANCEL_MS = 3_000;

/** The proof, not yet verified. An abort calls the job off. */
async function follow(
  client: Client,
  { job }: Submitted,
  { signal, onEvent }: RemoteOptions,
): Promise<Uint8Array> {
  try {
    for await (const update of client.watch(job, { signal })) onEvent({ kind: "update", update });
    return await client.result(job, { signal });
  } catch (error) {
    if (signal.aborted) {
      const limit = { signal: AbortSignal.timeout(CANCEL_MS) };
      await client.cancel(job, undefined, limit).catch(() => {}); // its deadline then ends it
    }
    throw error;
  }
}

/** Nothing that the network says is believed: the proof is verified here, against what was asked for. */
async function check(
  { program: directory, input, zn, key, cacheDir }: RemoteRequest,
  proof: Uint8Array,
  signal: AbortSignal,
): Promise<Verdict> {
  const program = await loadProgram(directory);
  const steps = "steps" in input ? input.steps.length : input.count;
  const expected = { z0: input.z0, steps, ...(zn && { zn }) };
  return verifyProof({ program, proof, expected, key, cacheDir, signal });
}

/** What was asked for by name may have a broker that is starting again: it is looked for this long. */
const PATIENCE_MS = 30_000;
const AGAIN_MS = 1_000;

interface Ordered {
  readonly client: Client;
  readonly order: Submitted;
}

/** At the first address that leads to a broker which answers. @throws CLIError UNREACHABLE, which tells of all; ClientError NO_BROKER */
async function orderAnywhere(
  asked: Asked,
  request: RemoteRequest,
  options: RemoteOptions,
): Promise<Ordered> {
  const { signal, onEvent } = options;
  const giveUp = performance.now() + (request.identity.isNamed ? PATIENCE_MS : 0);
  for (let attempt = 1; ; attempt++) {
    const failures: Error[] = [];
    for (const dial of new Set([...request.addresses, ...request.identity.memory.places])) {
      const client = await tryToConnect(dial, request, signal);
      const ordered =
        client instanceof Error ? client : await tryToOrder(client, asked, request, options);
      if (!(ordered instanceof Error)) return ordered;
      failures.push(ordered);
    }
    if (performance.now() >= giveUp) throw unreachable(failures);
    if (attempt === 1) onEvent({ kind: "waiting", ms: PATIENCE_MS });
    await setTimeout(AGAIN_MS, undefined, { signal });
  }
}

/** @returns why not, where the broker went away meanwhile */
async function tryToOrder(
  client: Client,
  asked: Asked,
  request: RemoteRequest,
  options: RemoteOptions,
): Promise<Ordered | Error> {
  try {
    options.onEvent({ kind: "connected", broker: client.broker, peer: client.peer });
    return { client, order: await orderJob(client, asked, request, options) };
  } catch (error) {
    await client.close();
    if (error instanceof ClientError && isPassing(error)) return error;
    throw error;
  }
}

/** Another address may lead to who has the job, or takes it. */
const isPassing = ({ code, reason }: ClientError): boolean =>
  code === "UNREACHABLE" || reason === "UNKNOWN_JOB";

/** @returns why not, where that is not of our making */
async function tryToConnect(
  dial: string,
  { identity: { privateKey }, addresses, reach }: RemoteRequest,
  signal: AbortSignal,
): Promise<Client | Error> {
  try {
    return await connect({ dial, privateKey, signal, ...(reach && { reach }) });
  } catch (error) {
    const isMistyped = addresses.includes(dial) && isOurFault(error);
    if (signal.aborted || !(error instanceof Error) || isMistyped) throw error;
    return error;
  }
}

function unreachable(failures: readonly Error[]): Error {
  const [first] = failures;
  const isRefusal = failures.length === 1 && !(first instanceof NetworkError);
  if (isRefusal && first !== undefined) return first;
  const what = failures.map(({ message }) => message).join("; ");
  return new CLIError(
    "UNREACHABLE",
    `no broker was reached (${what}): check the address, and that a node runs there`,
    { exitCode: EXIT.network, cause: first },
  );
}

const isOurFault = (error: unknown): boolean =>
  error instanceof NetworkError && error.code === "BAD_ADDRESS";
