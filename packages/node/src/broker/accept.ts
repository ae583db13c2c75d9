// Whether a broker can take a request: program, inputs, size, price; with a sentence for everything that is wrong.

import { ClientError, MAX_BUNDLE_BYTES, decodeInput, elementFromHex } from "@foldmesh/client";
import { NetworkError, RequestRefused } from "@foldmesh/network";
import type { CIDText, PeerId, ProofRequest, SignedMessage } from "@foldmesh/protocol";
import { ProtocolError } from "@foldmesh/protocol";
import {
  type DescribeRequest,
  type KeyChoice,
  type LeafShape,
  ProverError,
} from "@foldmesh/prover";
import type { JobInput, Program } from "@foldmesh/r1cs";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { missingPowers } from "../powers.ts";

/** A request with everything that is needed to run it. */
export interface Accepted {
  readonly job: CIDText;
  readonly requester: PeerId;
  readonly message: SignedMessage<"ProofRequest">;
  readonly request: ProofRequest;
  readonly program: Program;
  /** the commitment key that it is bound to */
  readonly key: KeyChoice;
  readonly input: JobInput;
  readonly size: JobSize;
}

/** How large a job is. Work is counted in constraints of the padded structure; a leaf takes about a third of a merge. */
export interface JobSize {
  readonly stepsPerLeaf: number;
  readonly leaves: number;
  readonly leaf: number;
  readonly merge: number;
  /** of the root; 0 where it stays as it is */
  readonly compress: number;
  /** all together */
  readonly total: number;
}

/** `describeLeaf` of the prover. */
export type DescribeLeaf = (request: DescribeRequest) => LeafShape;

/** Of a merge's time, measured (prover's bench). */
const LEAF_COST = 0.35;
const COMPRESS_COST = 4;
export const MAX_INPUT_BYTES: number = 2 ** 30;
/** An auction and a lease at least must fit. */
const LEAST_TIME_MS = 2_000;
/** The state after each is kept while the job runs. */
const MAX_LEAVES = 2 ** 20;

export interface Examination {
  /** that will work on the job, in the whole network */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** @throws RequestRefused EXPIRED, DEADLINE, PRIVACY, KEY, PROGRAM, INPUT, PLAN */
export async function examine(
  context: Context,
  message: SignedMessage<"ProofRequest">,
  { threads, signal }: Examination,
): Promise<Accepted> {
  const { content: request, sender: requester, id: job } = message;
  checkTerms(request, context);
  const key = keyFor(context, request);
  const { program, input } = await fetchMaterial(context, message, signal);
  const size = measure(context, program, request, threads);
  return { job, requester, message, request, program, key, input, size };
}

/** @throws RequestRefused KEY */
export function keyFor({ powers }: Context, request: ProofRequest): Accepted["key"] {
  const key = powers.keyOf(request.powers);
  if (key === undefined) throw new RequestRefused("KEY", missingPowers(request.powers!));
  return key;
}

/** Both are kept from then on. @throws RequestRefused PROGRAM, INPUT */
export async function fetchMaterial(
  context: Context,
  message: SignedMessage<"ProofRequest">,
  signal: AbortSignal,
): Promise<Pick<Accepted, "program" | "input">> {
  const program = await fetchProgram(context, message, signal);
  const input = await fetchInput(context, message, program, signal);
  return { program, input };
}

function checkTerms(
  { deadline, privacy, input, context, zN = [] }: ProofRequest,
  { now: clock, brokerConfig: { maxTimeMs } }: Context,
): void {
  const now = clock();
  [context, ...zN].forEach(elementFromHex); // before it is written down that it will be done
  if (deadline > now + maxTimeMs) {
    throw new RequestRefused(
      "DEADLINE",
      `the deadline is ${deadline - now} ms away, this broker holds a place for ${maxTimeMs} ms at most`,
    );
  }
  if (deadline < now + LEAST_TIME_MS) {
    throw new RequestRefused(
      "EXPIRED",
      `the deadline is ${deadline - now} ms away: give more time`,
    );
  }
  if (privacy !== "public") {
    throw new RequestRefused("PRIVACY", `${privacy} jobs are proved at home, not by the network`);
  }
  if (input.kind !== "inputs") {
    throw new RequestRefused("INPUT", "send the inputs of the steps: states alone are not taken");
  }
}

async function fetchProgram(
  { programs, network, shelf }: Context,
  { content, sender }: SignedMessage<"ProofRequest">,
  signal: AbortSignal,
): Promise<Program> {
  const options = { from: [sender], maxBytes: MAX_BUNDLE_BYTES, signal };
  try {
    await network.blobs.download(content.program, options); // it may be open already, and its files gone
    const program = await programs.get(content.program, [sender], signal);
    shelf.publish(content.program); // so that the next peer can have it from here
    return program;
  } catch (error) {
    throw refusal("PROGRAM", `the program ${content.program}`, error);
  }
}

async function fetchInput(
  { network }: Context,
  { content, sender }: SignedMessage<"ProofRequest">,
  program: Program,
  signal: AbortSignal,
): Promise<JobInput> {
  const { blob } = content.input;
  const { stateSize } = program.step;
  if (content.z0.length !== stateSize) {
    throw new RequestRefused(
      "INPUT",
      `z0 has ${content.z0.length} elements, the program's state has ${stateSize}`,
    );
  }
  try {
    const options = { from: [sender], maxBytes: MAX_INPUT_BYTES, signal };
    await network.blobs.download(blob, options); // kept: after a restart its requester may be gone
    const bytes = await network.blobs.fetch(blob, options);
    return decodeInput(bytes, content.z0.map(elementFromHex), content.steps);
  } catch (error) {
    throw refusal("INPUT", `the inputs ${blob}`, error);
  }
}

function measure(
  { brokerConfig, describeLeaf, powers: shelf }: Context,
  program: Program,
  { steps, powers }: ProofRequest,
  threads: number,
): JobSize {
  const { stepsPerLeaf } = brokerConfig;
  let shape: LeafShape;
  try {
    shape = describeLeaf({ program, steps, stepsPerLeaf, threads });
  } catch (error) {
    throw refusal("PLAN", "the job cannot be cut into leaves", error);
  }
  if (powers !== undefined && shelf.countOf(powers) < shape.bases) {
    throw new RequestRefused(
      "KEY",
      `a leaf of this job takes ${shape.bases} powers of tau, this broker has ${shelf.countOf(powers)}: ask for fewer steps per leaf, or have it started with a longer file (--ptau)`,
    );
  }
  const leaves = steps / shape.stepsPerLeaf;
  if (leaves > MAX_LEAVES) {
    throw new RequestRefused(
      "PLAN",
      `the job has ${leaves} leaves, this broker takes ${MAX_LEAVES} at most: cut it into several jobs`,
    );
  }
  const merge = Math.max(2 ** shape.logRows, shape.bases); // a wide circuit costs what a long one does
  const leaf = Math.ceil(merge * LEAF_COST);
  const compress = brokerConfig.compress ? merge * COMPRESS_COST : 0;
  const total = leaves * leaf + (leaves - 1) * merge + compress;
  return { stepsPerLeaf: shape.stepsPerLeaf, leaves, leaf, merge, compress, total };
}

/** What others sent, or what they asked for, is refused in one sentence; our own faults stay errors. */
function refusal(code: string, what: string, error: unknown): unknown {
  const isTheirs =
    error instanceof ClientError ||
    error instanceof NetworkError ||
    error instanceof ProtocolError ||
    (error instanceof ProverError && error.code !== "CACHE" && error.code !== "ABORTED");
  if (!isTheirs) return error;
  return new RequestRefused(code, `${what}: ${messageOf(error)}`, { cause: error });
}
