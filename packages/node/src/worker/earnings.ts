import type { SignedMessage } from "@foldmesh/protocol";
import type { Context } from "../context.ts";

/** Receipts for this node's work: each is written down, and counts, once, however often it is heard. */
export interface Earnings {
  add(receipt: SignedMessage<"Receipt">): void;
  /** Kept when all are written down. */
  settled(): Promise<void>;
}

export function createEarnings({ keep, emit }: Context): Earnings {
  const { earned } = keep.rooms;
  let writing: Promise<void> = Promise.resolve();
  const addOne = async ({ sender, content, bytes }: SignedMessage<"Receipt">): Promise<void> => {
    const { job, task, epoch, peer, price, verdict } = content;
    const id = { job, task, epoch, peer };
    if (await earned.has(id)) return;
    await earned.put(id, bytes);
    const amount = verdict.kind === "accepted" ? price : 0n;
    emit({ kind: "receipt", job, task, epoch, from: sender, amount });
  };
  return {
    add(receipt) {
      writing = writing
        .then(() => addOne(receipt))
        .catch((error: unknown) =>
          emit({ kind: "handler-failed", where: "writing down a receipt", error }),
        );
    },
    settled: () => writing,
  };
}
