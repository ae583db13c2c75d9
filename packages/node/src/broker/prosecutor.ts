// Turns a wrong node into evidence: keeps the signed messages of every lease until its node is judged.

import type { CIDText, Evidence, SignedMessage } from "@foldmesh/protocol";
import { type WrongNode, blobsOf, wrongNode } from "../evidence/wrong-node.ts";
import type { Context } from "../context.ts";

interface Records {
  lease?: SignedMessage<"Lease">;
  readonly deliveries: Map<CIDText, SignedMessage<"Delivery">>;
}

/** Of one lease; the job looks at one of them at a time. */
const MOST_DELIVERIES = 8;

export interface ProsecutorInit {
  readonly context: Context;
  readonly request: SignedMessage<"ProofRequest">;
  readonly order: SignedMessage<"Order">;
}

export interface Accused {
  readonly task: string;
  readonly epoch: number;
  readonly node: CIDText;
}

export class Prosecutor {
  readonly #init: ProsecutorInit;
  /** by task and epoch */
  readonly #records = new Map<string, Records>();

  constructor(init: ProsecutorInit) {
    this.#init = init;
  }

  onLease(lease: SignedMessage<"Lease">): void {
    this.#recordOf(lease.content).lease = lease;
  }

  onDelivery(delivery: SignedMessage<"Delivery">): void {
    const { lease, deliveries } = this.#recordOf(delivery.content);
    if (lease?.content.peer !== delivery.sender || deliveries.size >= MOST_DELIVERIES) return;
    deliveries.set(delivery.content.node, delivery);
  }

  /** The maker of a wrong node is told to everybody, with what proves it. After a restart there may be nothing to show. */
  async accuse({ task, epoch, node }: Accused): Promise<void> {
    const { context, request, order } = this.#init;
    const { lease, deliveries } = this.#recordOf({ task, epoch });
    const delivery = deliveries.get(node);
    if (lease === undefined || delivery === undefined) return;
    const charge: WrongNode = { request, lease, delivery };
    const evidence: Evidence = wrongNode(charge, order);
    const blobs = await Promise.all(blobsOf(charge).map((cid) => this.#blob(cid)));
    context.watcher.onWrongNode(
      evidence,
      blobs.filter((blob) => blob !== undefined),
    );
  }

  /** Only what is here: of a node of another length nobody needs the bytes. */
  async #blob(cid: CIDText): Promise<Uint8Array | undefined> {
    const { network, shelf } = this.#init.context;
    return (await shelf.size(cid)) === undefined ? undefined : network.blobs.fetch(cid);
  }

  #recordOf(place: { readonly task: string; readonly epoch: number }): Records {
    const name = nameOf(place);
    const record = this.#records.get(name) ?? { deliveries: new Map() };
    this.#records.set(name, record);
    return record;
  }
}

const nameOf = ({ task, epoch }: { readonly task: string; readonly epoch: number }): string =>
  `${task}/${epoch}`;
