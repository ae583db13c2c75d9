import type { CallName, Calls, Reply, Request } from "./verifier-messages.ts";

type OnProgress = (done: number, total: number) => void;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OnProgress | undefined;
}

/** The page's own verifier, in a thread of its own so that the page goes on. */
export class Verifier {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(script: URL) {
    this.#worker = new Worker(script, { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#settle(data));
    this.#worker.addEventListener("error", ({ message }) => {
      for (const { reject } of this.#pending.values())
        reject(new Error(`the verifier: ${message}`));
      this.#pending.clear();
    });
  }

  call<K extends CallName>(
    call: K,
    argument: Calls[K]["argument"],
    onProgress?: OnProgress,
  ): Promise<Calls[K]["result"]> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, call, argument } as Request);
    });
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    if (reply.ok === "progress") return pending.onProgress?.(reply.done, reply.total);
    this.#pending.delete(reply.id);
    if (reply.ok) pending.resolve(reply.result as never);
    else pending.reject(new Error(reply.message));
  }
}
