import {
  type CallOptions,
  type ConnectedPeer,
  type Method,
  type Network,
  NetworkError,
  RequestRefused,
  type SignedAdvert,
  cidOfBytes,
} from "@foldmesh/network";
import {
  type CIDText,
  type Hex32,
  type Money,
  type PPM,
  type PeerId,
  type SignedMessage,
  type Time,
  bytesToHex,
  decodeCanonical,
  encodeCanonical,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";
import { type JobInput, stepCount } from "@foldmesh/r1cs";
import { type Bundle, encodeBundle } from "./bundle.ts";
import { ClientError } from "./errors.ts";
import { encodeInput } from "./input.ts";
import { findMembers } from "./members.ts";
import {
  CANCEL,
  HELLO,
  JOBS,
  type JobOutline,
  MAX_WAIT_MS,
  QUOTE,
  type Quotation,
  RESULT,
  SUBMIT,
  WATCH,
  jobName,
  jobResult,
  outlines,
  quotation,
  watchReply,
  watchRequest,
} from "./methods.ts";
import type { JobUpdate } from "./updates.ts";
import { elementToHex } from "./values.ts";

/** What a dApp wants proved. */
export interface JobRequest {
  readonly program: Bundle;
  /**
   * The powers of tau that the program is bound to, by their name (`namePowers` of the prover). Proofs are then
   * verified faster, with the same powers only, and are worth as much as their ceremony. Default: a transparent key.
   */
  readonly powers?: Hex32;
  readonly input: JobInput;
  /** The most that all work together may cost, micro-units. */
  readonly maxPrice: Money;
  /** When the proof is of no use any more, ms since 1970. */
  readonly deadline: Time;
  /** Chosen at random once per job: asking again with the same id resumes. Default: a fresh one. */
  readonly id?: Hex32;
  /** The state that the computation should end in; a broker that finds another refuses. */
  readonly zn?: readonly bigint[];
  /** ppm; default 0. */
  readonly minReputation?: PPM;
}

/** A job that a broker has taken. */
export interface Submitted {
  readonly id: Hex32;
  /** Names the job everywhere. */
  readonly job: CIDText;
  readonly broker: PeerId;
  /** who go on with the job when its broker stays away, in this order */
  readonly standbys: readonly PeerId[];
  readonly maxPrice: Money;
  readonly deadline: Time;
}

export interface SubmitOptions extends CallOptions {
  /**
   * Only where this very job is known: to one who may have it from a broker that was asked before and never answered. Otherwise two might
   * take it. Default: false.
   */
  readonly ifKnown?: boolean;
}

export interface WatchOptions extends CallOptions {
  /** Sequence of the first update wanted; default 0, everything. */
  readonly from?: number;
}

/** A dApp's connection to the network, through one broker; jobs that it gave to that one it finds at their standbys, too. */
export interface Client {
  readonly peer: PeerId;
  readonly broker: PeerId;
  /** What a job takes and costs by the standing asks; orders nothing. @throws ClientError */
  quote(request: JobRequest, options?: CallOptions): Promise<Quotation>;
  /** Orders; the program and the inputs are served from here until `close`. @throws ClientError */
  submit(request: JobRequest, options?: SubmitOptions): Promise<Submitted>;
  /** Every update in order, from the past ones to "done" or "failed"; goes on after lost connections. @throws ClientError */
  watch(job: CIDText, options?: WatchOptions): AsyncGenerator<JobUpdate, void>;
  /**
   * Waits for the proof and fetches it: a proof file. **It is not verified here**: hand it to
   * `verifyProof` with what you asked for. A broker that does not compress gives the root node, which
   * discloses witnesses of the computation; the file's form says which it is.
   * @throws ClientError FAILED with the job's reason
   */
  result(job: CIDText, options?: CallOptions): Promise<Uint8Array>;
  /** Calls the job off; what was proved until then is paid. @throws ClientError */
  cancel(job: CIDText, reason?: string, options?: CallOptions): Promise<void>;
  /**
   * Where those are who may lead a job, as far as they were reached. A dApp that starts again finds its job there, also when the
   * broker that it dialed is gone.
   * @returns multiaddrs
   */
  places(order: Submitted): Promise<readonly string[]>;
  peers(): readonly ConnectedPeer[];
  /** Who offers what on the network, by signed adverts; what is not found in time is left out. */
  members(options?: CallOptions): Promise<readonly SignedAdvert[]>;
  /** Jobs at the broker: how far each is, not whose or what. @throws ClientError */
  jobs(options?: CallOptions): Promise<readonly JobOutline[]>;
  /** Hangs up. Jobs go on; their inputs are no longer served from here. */
  close(): Promise<void>;
}

export interface BrokerAddress {
  readonly broker: PeerId;
  /** where it was dialed */
  readonly address: string | undefined;
  readonly patienceMs: number;
}

/** Who may have a job. */
interface Leaders {
  readonly candidates: readonly PeerId[];
  /** which of them has answered last */
  at: number;
}

/** The largest proof that is fetched. */
const MAX_PROOF_BYTES = 2 ** 29;
const RETRY_MS = 250;

export class BrokerClient implements Client {
  readonly #network: Network;
  readonly #target: BrokerAddress;
  readonly #chosen: Leaders;
  readonly #leaders = new Map<CIDText, Leaders>();
  readonly #meetings = new Map<CIDText, Promise<unknown>>();

  constructor(network: Network, target: BrokerAddress) {
    this.#network = network;
    this.#target = target;
    this.#chosen = { candidates: [target.broker], at: 0 };
  }

  get peer(): PeerId {
    return this.#network.peer;
  }

  get broker(): PeerId {
    return this.#target.broker;
  }

  async quote(request: JobRequest, options: CallOptions = {}): Promise<Quotation> {
    const message = await this.#sign(request, randomId());
    const reply = await this.#ask(QUOTE, message.bytes, options);
    return decodeCanonical(quotation, reply, "quotation");
  }

  async submit(request: JobRequest, options: SubmitOptions = {}): Promise<Submitted> {
    const id = request.id ?? randomId();
    const message = await this.#sign(request, id);
    if (options.ifKnown === true) await this.#checkKnown(message.id, options);
    const reply = await this.#ask(SUBMIT, message.bytes, options);
    const order = await openMessage(verifySignature, reply, "Order");
    const { job, requester, standbys, maxPrice, deadline } = order.content;
    const candidates = [order.sender, ...standbys];
    const at = candidates.indexOf(this.broker);
    if (at < 0 || requester !== this.peer || maxPrice > request.maxPrice) {
      throw new ClientError("BAD_ANSWER", `${this.broker} answered with somebody else's order`);
    }
    this.#leaders.set(job, { candidates, at });
    this.#meetings.set(job, Promise.all(candidates.map((peer) => this.#meet(peer))));
    return { id, job, broker: order.sender, standbys, maxPrice, deadline };
  }

  /** @throws ClientError REFUSED UNKNOWN_JOB */
  async #checkKnown(job: CIDText, options: CallOptions): Promise<void> {
    try {
      await this.#ask(RESULT, encodeCanonical(jobName, { job }), options);
    } catch (error) {
      const isThere = error instanceof ClientError && error.reason === "NOT_LEADING";
      if (!isThere) throw error;
    }
  }

  /** Whom the broker knows the way to can be found when it is gone. */
  async #meet(peer: PeerId): Promise<void> {
    if (peer === this.broker) return;
    await this.#network.call(peer, HELLO, new Uint8Array()).then(
      () => this.#network.keepAlive(peer),
      () => undefined, // it is asked again when it is needed
    );
  }

  async *watch(job: CIDText, options: WatchOptions = {}): AsyncGenerator<JobUpdate, void> {
    let from = options.from ?? 0;
    for (;;) {
      const request = encodeCanonical(watchRequest, { job, from, waitMs: MAX_WAIT_MS });
      const reply = decodeCanonical(
        watchReply,
        await this.#ask(WATCH, request, options, job),
        "updates",
      );
      for (const update of reply.updates) {
        if (update.sequence < from) {
          throw new ClientError("BAD_ANSWER", `update ${update.sequence} came in place of ${from}`);
        }
        from = update.sequence + 1;
        yield update;
      }
      if (reply.over) return;
    }
  }

  async result(job: CIDText, options: CallOptions = {}): Promise<Uint8Array> {
    const request = encodeCanonical(jobName, { job });
    let from = 0;
    for (;;) {
      const result = decodeCanonical(
        jobResult,
        await this.#ask(RESULT, request, options, job),
        "result",
      );
      if (result.kind === "failed") {
        throw new ClientError("FAILED", result.message, { reason: result.reason });
      }
      if (result.kind === "done") return this.#fetchProof(job, result, options);
      for await (const { sequence } of this.watch(job, { ...options, from })) from = sequence + 1;
    }
  }

  async cancel(
    job: CIDText,
    reason: string = "called off by its requester",
    options: CallOptions = {},
  ): Promise<void> {
    const message = await signMessage(this.#network.signer, "Cancel", { job, reason });
    await this.#ask(CANCEL, message.bytes, options, job);
  }

  async places({ job, broker, standbys }: Submitted): Promise<readonly string[]> {
    await this.#meetings.get(job);
    const candidates = [broker, ...standbys];
    const isPlace = ({ peer, direction }: ConnectedPeer): boolean =>
      direction === "outbound" && candidates.includes(peer);
    return this.peers().flatMap((each) => (isPlace(each) ? [each.address] : []));
  }

  peers(): readonly ConnectedPeer[] {
    return this.#network.peers();
  }

  members(options: CallOptions = {}): Promise<readonly SignedAdvert[]> {
    return findMembers(this.#network, this.broker, options);
  }

  async jobs(options: CallOptions = {}): Promise<readonly JobOutline[]> {
    return decodeCanonical(outlines, await this.#ask(JOBS, new Uint8Array(), options), "jobs");
  }

  close(): Promise<void> {
    return this.#network.stop();
  }

  async #sign(request: JobRequest, nonce: Hex32): Promise<SignedMessage<"ProofRequest">> {
    const { input, powers, maxPrice, deadline, zn, minReputation = 0 } = request;
    const { blobs, signer } = this.#network;
    const [program, blob] = await Promise.all([
      blobs.add(encodeBundle(request.program)),
      blobs.add(encodeInput(input)),
    ]);
    return signMessage(signer, "ProofRequest", {
      nonce,
      program,
      ...(powers !== undefined && { powers }),
      context: elementToHex(0n), // reusable between jobs
      z0: input.z0.map(elementToHex),
      ...(zn !== undefined && { zN: zn.map(elementToHex) }),
      steps: stepCount(input),
      input: { kind: "inputs", blob },
      maxPrice,
      deadline,
      minReputation,
      privacy: "public",
    });
  }

  async #fetchProof(
    job: CIDText,
    { proof, bytes }: { proof: CIDText; bytes: number },
    options: CallOptions,
  ): Promise<Uint8Array> {
    const maxBytes = Math.min(bytes, MAX_PROOF_BYTES);
    const file = await this.#patiently(
      (peer) => this.#network.blobs.fetch(proof, { from: [peer], maxBytes, ...options }),
      options,
      job,
    );
    if (cidOfBytes(file) === proof) return file;
    throw new ClientError("BAD_ANSWER", "the proof is not the one that the broker named");
  }

  #ask(
    method: Method,
    request: Uint8Array,
    options: CallOptions,
    job?: CIDText,
  ): Promise<Uint8Array> {
    return this.#patiently(
      (peer) => this.#network.call(peer, method, request, options),
      options,
      job,
    );
  }

  /** Again and again while whoever has the job is out of reach, one candidate after the other, up to the client's patience. */
  async #patiently<T>(
    action: (peer: PeerId) => Promise<T>,
    { signal }: CallOptions,
    job?: CIDText,
  ): Promise<T> {
    const giveUp = performance.now() + this.#target.patienceMs;
    const leaders = this.#leaders.get(job ?? "") ?? this.#chosen;
    const { candidates } = leaders;
    for (;;) {
      try {
        return await action(candidates[leaders.at]!);
      } catch (error) {
        if (signal?.aborted) throw new ClientError("ABORTED", "cancelled", { cause: error });
        if (!isPassing(error) && !(candidates.length > 1 && isElsewhere(error)))
          throw asClientError(error);
        if (performance.now() > giveUp) throw unreachable(this.#target, error as Error);
        leaders.at = (leaders.at + 1) % candidates.length;
        await this.#redial();
      }
    }
  }

  async #redial(): Promise<void> {
    const { address } = this.#target;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (address !== undefined) await this.#network.dial(address).catch(() => undefined);
  }
}

const randomId = (): Hex32 => bytesToHex(crypto.getRandomValues(new Uint8Array(32)));

/** Whether trying again may help: a broker that has just started again does not answer everything yet. */
const isPassing = (error: unknown): error is NetworkError =>
  error instanceof NetworkError &&
  ["UNREACHABLE", "CLOSED", "TIMEOUT", "UNSUPPORTED"].includes(error.code);

/** Whether another candidate may have what this one has not. */
const isElsewhere = (error: unknown): boolean =>
  (error instanceof RequestRefused && ["NOT_LEADING", "UNKNOWN_JOB"].includes(error.code)) ||
  (error instanceof NetworkError && error.code === "NOT_FOUND");

function asClientError(error: unknown): unknown {
  if (error instanceof RequestRefused) {
    return new ClientError("REFUSED", error.message, { reason: error.code, cause: error });
  }
  if (error instanceof NetworkError && error.code === "STOPPED") {
    return new ClientError("CLOSED", "this client was closed", { cause: error });
  }
  if (error instanceof NetworkError && error.code === "ABORTED") {
    return new ClientError("ABORTED", "cancelled", { cause: error });
  }
  return error;
}

const unreachable = ({ broker, patienceMs }: BrokerAddress, cause: Error): ClientError =>
  new ClientError(
    "UNREACHABLE",
    `the broker ${broker} did not answer for ${Math.round(patienceMs / 1000)} s (${cause.message}): ask again with the same id when it is back`,
    { cause },
  );
