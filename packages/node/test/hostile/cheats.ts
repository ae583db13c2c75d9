// Members that do not play by the rules: each is the real node with one part in the place of an honest one.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Award, Range } from "@foldmesh/protocol";
import { ProverError } from "@foldmesh/prover";
import type { NodeParts } from "../../src/node.ts";
import { type Perform, type Task, perform } from "../../src/worker/tasks.ts";
import { type Layout, rangeOf, withWrongCommitment, withWrongWitness } from "./node-bytes.ts";

/** @param dataDir that of the node, which outlives its process */
type Cheat = (dataDir: string) => Partial<NodeParts>;

const layoutOf = ({ program, session }: Task): Layout => ({
  a: program.step.stateSize,
  s: session.plan.logRows,
});

/** Works honestly, and then delivers something else in place of a shard. */
const falsifying = (lie: (node: Uint8Array, layout: Layout) => Uint8Array): Partial<NodeParts> => ({
  perform: async (context, task) => {
    const node = await perform(context, task);
    return task.lease.kind === "prove" ? lie(node, layoutOf(task)) : node;
  },
});

/** A valid node of as many leaves, one further on. */
const misplacing: Perform = (context, task) => {
  const { range } = task.lease;
  const next = { start: range.start + 1, end: range.end + 1 };
  return perform(context, { ...task, lease: { ...task.lease, range: next } });
};

const never: Perform = (_, { signal }) =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new ProverError("ABORTED", "stopped"));
    signal.addEventListener("abort", stop, { once: true });
  });

/** Merges honestly and keeps what it is given to merge; when it is to prove the same in another job, it delivers that. */
function thief(dataDir: string): Partial<NodeParts> {
  const booty = ({ start, end }: Range): string => join(dataDir, `booty-${start}-${end}`);
  return {
    async perform(context, task) {
      const { kind, inputs, range } = task.lease;
      if (kind === "prove") return readFile(booty(range));
      if (kind === "compress") return perform(context, task);
      for (const cid of inputs) {
        const input = await context.network.blobs.fetch(cid, { from: [task.terms.broker] });
        await writeFile(booty(rangeOf(input)), input);
      }
      return perform(context, task);
    },
  };
}

/** By the name that main.ts is started with. */
export const CHEATS: Readonly<Record<string, Cheat>> = {
  "wrong-witness": () => falsifying(withWrongWitness),
  "wrong-commitment": () => falsifying(withWrongCommitment),
  "wrong-range": () => ({ perform: misplacing }),
  thief,
  /** commits to a bid and does not open it */
  sealed: () => ({
    board: (board) => ({
      ...board,
      post: (kind, content) =>
        kind === "BidReveal" ? new Promise(() => {}) : board.post(kind, content),
    }),
  }),
  /** takes a lease and does nothing */
  idle: () => ({ perform: never }),
  /** a broker that signs a second award for every auction, in which nobody wins anything */
  "two-awards": () => ({
    board: (board) => ({
      ...board,
      async post(kind, content) {
        const message = await board.post(kind, content);
        if (kind === "Award") await board.post("Award", { ...(content as Award), lots: [] });
        return message;
      },
    }),
  }),
};
