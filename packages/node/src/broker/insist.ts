/** ms */
const PAUSE = 1_000;

/**
 * Tries again and again what must be done in the end, as on a disk that is full.
 * @throws the signal's reason, when it is aborted before that is done
 */
export async function insist<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await action();
    } catch {
      await new Promise<void>((resolve) => setTimeout(resolve, PAUSE).unref());
    }
  }
}
