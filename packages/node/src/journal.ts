import type { CIDText } from "@foldmesh/protocol";

/**
 * Where a broker writes down what happens to its jobs, before it acts on it: with the request, the order and the
 * entries, `replay` of jobs gives the state back after a restart. A store can stand behind it.
 */
export interface JobJournal {
  /** @param request, order the signed messages @param init canonical DAG-CBOR of the plan */
  begin(job: CIDText, opening: JobOpening): Promise<void>;
  /** @param entry `encodeEntry` of jobs; in order, each durable when its promise is kept */
  append(job: CIDText, entry: Uint8Array): Promise<void>;
  /** The job is over: it may be forgotten. */
  end(job: CIDText): Promise<void>;
}

export interface JobOpening {
  readonly request: Uint8Array;
  readonly order: Uint8Array;
  readonly begun: number;
  readonly stepsPerLeaf: number;
  readonly shards: readonly { readonly start: number; readonly end: number }[];
}

/** Remembers nothing: jobs end with the node. */
export const NO_JOURNAL: JobJournal = {
  begin: () => Promise.resolve(),
  append: () => Promise.resolve(),
  end: () => Promise.resolve(),
};
