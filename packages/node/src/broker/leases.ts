// The broker's side of leases: handed to their holders until they have them, moved, taken back.

import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEffect, JobEvent, JobState, Leased, Resume } from "@foldmesh/jobs";
import { NetworkError, RequestRefused, cidOfBytes } from "@foldmesh/network";
import {
  type CIDText,
  type Contents,
  type Lease,
  type PeerId,
  type Range,
  type RefusalReason,
  type SignedMessage,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import { LEASE } from "../methods.ts";
import { encodeShardInput } from "../shard-input.ts";
import type { Accepted } from "./accept.ts";
import type { Leadership } from "./succession.ts";

type GivenLease = Extract<JobEffect, { kind: "sendLease" | "confirmLease" }>;

/** A lease by its task, epoch and holder. */
export interface Holder {
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
}

/** What the holder of a lease says of it. */
export type WorkerReport =
  | SignedMessage<"Progress">
  | SignedMessage<"Checkpoint">
  | SignedMessage<"Delivery">
  | SignedMessage<"Refusal">;

/** What the leases of a job need of it. */
export interface LeaseInit {
  readonly context: Context;
  readonly accepted: Accepted;
  readonly leadership: Leadership;
  readonly state: () => JobState | undefined;
  /** the state before a leaf */
  readonly stateBefore: (leaf: number) => Promise<readonly bigint[]>;
  readonly feed: (event: JobEvent) => void;
  readonly tell: (event: Told) => void;
  readonly onSigned: (lease: SignedMessage<"Lease">) => void;
  /** a blob of the job: dropped with it */
  readonly own: (cid: CIDText) => Promise<CIDText>;
  /** aborted when the job is over */
  readonly signal: AbortSignal;
}

const RESEND_MS = 500;

const REASONS: Readonly<Record<string, RefusalReason>> = {
  UNKNOWN_PROGRAM: "unknown-program",
  MISSING_INPUT: "missing-input",
  STALE_EPOCH: "stale-epoch",
  SHUTTING_DOWN: "shutting-down",
};

export class Leases {
  readonly #init: LeaseInit;

  constructor(init: LeaseInit) {
    this.#init = init;
  }

  /** Whether a task's running lease is of this epoch, and the peer's. */
  isHeld(holder: Holder): boolean {
    return this.#held(holder) !== undefined;
  }

  /** Whether that tells anything: nothing else is told or written down, as a holder may say it as often as it likes. */
  isNews(holder: Holder, done: number): boolean {
    const held = this.#held(holder);
    return held !== undefined && (done > held.done || held.graceUntil !== undefined);
  }

  /**
   * Whether a delivery is under one of this job's leases, its own.
   * @throws RequestRefused LEASE when it does not name that lease: a wrong node could not be proved to be its maker's
   */
  async isOf({ sender, content }: SignedMessage<"Delivery">): Promise<boolean> {
    const { context, accepted, state } = this.#init;
    const { task, epoch } = content;
    const given = state()?.tasks.find(({ id }) => id === task)?.leases ?? [];
    if (!given.some((lease) => lease.epoch === epoch && lease.peer === sender)) return false;
    const issued = await context.keep.rooms.issued.get({ job: accepted.job, task, epoch });
    const id = issued && (await openMessage(verifySignature, issued, "Lease")).id;
    const isOfBefore = issued === undefined && context.network.peer !== state()?.init.broker;
    if (content.lease === id || isOfBefore) return true; // what another broker has issued is not known here
    throw new RequestRefused("LEASE", `the delivery does not name the lease that it is under`);
  }

  /** Whether anything of the job is leased to a peer, or kept for it. */
  concerns(peer: PeerId): boolean {
    return (this.#init.state()?.tasks ?? []).some(({ state }) => {
      const running = state.kind === "Delivered" ? state.under : state;
      return (running.kind === "Leased" || running.kind === "Reserved") && running.peer === peer;
    });
  }

  #held({ task, epoch, peer }: Holder): Leased | undefined {
    const found = this.#init.state()?.tasks.find(({ id }) => id === task);
    const state = found?.state.kind === "Delivered" ? found.state.under : found?.state;
    if (this.#init.signal.aborted || state?.kind !== "Leased") return undefined;
    return state.epoch === epoch && state.peer === peer ? state : undefined;
  }

  /** Until the worker has it, says no, or the lease is no longer its. */
  async send(effect: GivenLease): Promise<void> {
    const { context, feed, tell, signal } = this.#init;
    const { kind, task, epoch, peer, range, price } = effect;
    const bytes = await this.#signedOnce(effect);
    while (this.isHeld({ task, epoch, peer })) {
      try {
        await this.#introduce(peer);
        await context.network.call(peer, LEASE, bytes, { signal });
        if (kind === "sendLease") tell({ kind: "leased", task, epoch, peer, range, price });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RequestRefused) {
          if (error.code === "DEPOSED") return; // soon it is known here, too
          const reason = REASONS[error.code] ?? "overloaded";
          return feed({ kind: "refused", task, epoch, peer, reason });
        }
        if (!(error instanceof NetworkError)) throw error;
        feed({ kind: "disconnected", peer });
        await new Promise((resolve) => setTimeout(resolve, RESEND_MS));
      }
    }
  }

  /** Whoever took a job over says so before it says anything else: a worker takes no leases from the one before any more. */
  async #introduce(peer: PeerId): Promise<void> {
    const { context, accepted, leadership, signal } = this.#init;
    const { network, now, brokerConfig } = context;
    const { term, candidates } = leadership;
    if (term === 0 || candidates.length === 1) return;
    const expires = now() + brokerConfig.absentMs;
    const content = { job: accepted.job, term, expires, entries: 0 };
    const { bytes } = await signMessage(network.signer, "BrokerLease", content);
    await network.call(peer, LEASE, bytes, { signal });
  }

  /** Sent once: what it says can also be seen from what follows. */
  async say<K extends "LeaseRenewal" | "Revocation">(kind: K, content: Contents[K]): Promise<void> {
    const { network } = this.#init.context;
    const { bytes } = await signMessage(network.signer, kind, content);
    const said = this.#introduce(content.peer).then(() => network.call(content.peer, LEASE, bytes));
    await said.catch(() => undefined);
  }

  /** The lease as this broker signed it, or signs it now: two of one epoch would be evidence against it. */
  async #signedOnce(effect: GivenLease): Promise<Uint8Array> {
    const { context, accepted, onSigned } = this.#init;
    const { task, epoch, peer } = effect;
    const { issued } = context.keep.rooms;
    const id = { job: accepted.job, task, epoch };
    const before = await issued.get(id);
    const message =
      before === undefined
        ? await signMessage(context.network.signer, "Lease", await this.#leaseFor(effect))
        : await openMessage(verifySignature, before, "Lease");
    const { content, bytes } = message;
    for (const cid of content.inputs) context.shelf.allow(cid, peer);
    if (content.resume !== undefined) context.shelf.allow(content.resume.node, peer);
    if (before === undefined) await issued.put(id, bytes);
    onSigned(message);
    return bytes;
  }

  async #leaseFor(effect: GivenLease): Promise<Lease> {
    const { accepted, state } = this.#init;
    const { task, epoch, peer, range, price, deadline, resume } = effect;
    const { kind } = state()!.tasks.find(({ id }) => id === task)!;
    return {
      job: accepted.job,
      task,
      kind,
      epoch,
      peer,
      range,
      stepsPerLeaf: accepted.size.stepsPerLeaf,
      price,
      deadline,
      program: accepted.request.program,
      inputs: kind === "prove" ? [await this.#shardInput(range)] : effect.inputs,
      ...(resume && {
        resume: {
          done: resume.done,
          node: resume.node,
          bytes: resume.bytes,
          holders: await this.#holdersOf(resume),
        },
      }),
    };
  }

  /** This broker first, if it has the checkpoint: it may have taken the job over from who had it. */
  async #holdersOf({
    node,
    holders,
  }: Pick<Resume, "node" | "holders">): Promise<readonly PeerId[]> {
    const { network, shelf } = this.#init.context;
    if ((await shelf.size(node)) === undefined) return holders;
    return [network.peer, ...holders.filter((peer) => peer !== network.peer)];
  }

  async #shardInput(range: Range): Promise<CIDText> {
    const { context, accepted, own, stateBefore } = this.#init;
    const start = await stateBefore(range.start);
    const blob = encodeShardInput(
      accepted.job,
      accepted.input,
      range,
      accepted.size.stepsPerLeaf,
      start,
    );
    await own(cidOfBytes(blob));
    return context.network.blobs.add(blob);
  }
}
