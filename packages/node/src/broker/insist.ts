/** ms */
const PAUSE = 1_000;

/** Tries again and again what must be done in the end, until it is or the node stops. Never rejects. */
export async function insist(action: () => Promise<void>, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const isDone = await action().then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await new Promise<void>((resolve) => setTimeout(resolve, PAUSE).unref());
  }
}
