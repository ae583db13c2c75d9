// The job that this page has ordered, kept by the browser until its verdict: a reload goes on with it.

import type { Ordered } from "./order.ts";

export interface KeptJob {
  /** where it was ordered */
  readonly address: string;
  /** A broker tells of a job only to whom it belongs: the key that the order was signed with. */
  readonly privateKey: Uint8Array;
  readonly ordered: Ordered;
}

const DATABASE = "foldmesh";
const STORE = "jobs";
/** One page, one job. */
const KEY = "current";

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no database")));
  });
}

async function inStore<T>(
  mode: IDBTransactionMode,
  action: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  const database = await settled(opening);
  try {
    return await settled(action(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** A browser that keeps nothing (a private window, perhaps) does not keep a job from being proved. */
const orNothing = <T>(action: Promise<T>): Promise<T | undefined> => action.catch(() => undefined);

export const keepJob = (job: KeptJob): Promise<unknown> =>
  orNothing(inStore("readwrite", (store) => store.put(job, KEY)));

export const forgetJob = (): Promise<unknown> =>
  orNothing(inStore("readwrite", (store) => store.delete(KEY)));

export const keptJob = (): Promise<KeptJob | undefined> =>
  orNothing(inStore("readonly", (store) => store.get(KEY) as IDBRequest<KeptJob | undefined>));

/**
 * Whether this page, and no other one of the same origin, keeps a job; until it is left.
 * @param patience how long to wait for a page that is being left, ms
 */
export function becomeKeeper(patience: number): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const forever = new Promise<never>(() => {});
    const taken = (): Promise<never> => {
      resolve(true);
      return forever;
    };
    navigator.locks
      .request("foldmesh-job", { signal: AbortSignal.timeout(patience) }, taken)
      .catch(() => resolve(false));
  });
}
