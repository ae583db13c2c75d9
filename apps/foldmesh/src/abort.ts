import { EXIT, type Interruption } from "./errors.ts";

const INTERRUPTIONS: readonly Interruption[] = [
  { signal: "SIGINT", exitCode: EXIT.interrupted, code: "ABORTED", message: "interrupted" },
  { signal: "SIGTERM", exitCode: EXIT.terminated, code: "ABORTED", message: "terminated" },
];

/** How long a command may take to clean up after a signal. */
const GRACE_MS = 10_000;

export interface Interrupts extends Disposable {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  readonly cause: () => Interruption | undefined;
}

/** Turns the first signal into an abort; the second one, or ten seconds, ends the process at once. */
export function watchInterrupts(): Interrupts {
  const controller = new AbortController();
  let cause: Interruption | undefined;
  const stops = INTERRUPTIONS.map((interruption) => {
    // An exit waits for threads, which may hang in the file system; the signal's own effect does not.
    const end = (): void => {
      process.removeAllListeners(interruption.signal);
      process.kill(process.pid, interruption.signal);
    };
    const listener = (): void => {
      if (cause !== undefined) return end();
      cause = interruption;
      controller.abort(new DOMException(interruption.message, "AbortError"));
      setTimeout(end, GRACE_MS).unref();
    };
    process.on(interruption.signal, listener);
    return () => process.off(interruption.signal, listener);
  });
  return {
    signal: controller.signal,
    cause: () => cause,
    [Symbol.dispose]: () => stops.forEach((stop) => stop()),
  };
}
