import type { GpuChoice, KeyChoice, Session, SessionRequest } from "@foldmesh/prover";
import type { Program } from "@foldmesh/r1cs";

/** A system: what a session holds. */
export interface SessionKey {
  readonly program: Program;
  readonly stepsPerLeaf: number;
  readonly context: bigint;
  /** the commitment key that the program is bound to */
  readonly key: KeyChoice;
}

/** A session in use; closed some time after its last user has released it. */
export interface SessionLease extends Disposable {
  readonly session: Session;
}

/** Sessions cost a second and hundreds of megabytes: they are shared, and the few last used are kept. */
export interface Sessions extends AsyncDisposable {
  /**
   * @param signal ends the wait; what is being opened goes on for others
   * @throws ProverError PLAN, CACHE, ABORTED; the signal's reason
   */
  use(key: SessionKey, signal?: AbortSignal): Promise<SessionLease>;
}

interface Entry {
  readonly opening: Promise<Session>;
  users: number;
}

const KEPT_IDLE = 2;

/** `openSession` of the prover. */
export type OpenSession = (request: SessionRequest) => Promise<Session>;

export function createSessions({
  threads,
  gpu,
  cacheDir,
  openSession,
}: {
  readonly threads: number;
  readonly gpu: GpuChoice;
  readonly cacheDir: string;
  readonly openSession: OpenSession;
}): Sessions {
  const entries = new Map<string, Entry>();
  const closing = new AbortController();

  const open = (name: string, { program, stepsPerLeaf, context, key }: SessionKey): Entry => {
    const { signal } = closing;
    const request = { program, stepsPerLeaf, steps: stepsPerLeaf, context, key };
    const opening = openSession({ ...request, threads, gpu, cacheDir, signal });
    opening.catch(() => entries.delete(name));
    return { opening, users: 0 };
  };

  const close = async (name: string, { opening }: Entry): Promise<void> => {
    entries.delete(name);
    const session = await opening.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
  };

  const evict = (): void => {
    const idle = [...entries].filter(([, { users }]) => users === 0);
    for (const [name, entry] of idle.slice(0, Math.max(0, idle.length - KEPT_IDLE))) {
      void close(name, entry);
    }
  };

  return {
    async use(key, signal) {
      const powers = key.key === "transparent" ? "" : key.key.ptau;
      const name = [key.program.digest, key.stepsPerLeaf, key.context, powers].join("/");
      const entry = entries.get(name) ?? open(name, key);
      entries.delete(name);
      entries.set(name, entry); // last used stands last
      entry.users++;
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        entry.users--;
        evict();
      };
      try {
        const session = await unlessAborted(entry.opening, signal);
        return { session, [Symbol.dispose]: release };
      } catch (error) {
        release();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all([...entries].map(([name, entry]) => close(name, entry)));
    },
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() =>
    signal.removeEventListener("abort", onAbort),
  );
}
