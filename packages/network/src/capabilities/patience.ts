/** ms to go on after each item; doubled on slow networks, where the first one took longer */
const PATIENCE = 400;

/**
 * Passes items on until none has come for a while after the first. A DHT query has nearly all there is after a few answers, but
 * asks every server near the key before it ends.
 * @param start begins the search; its signal ends it
 */
export async function* patiently<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const enough = new AbortController();
  const source = start(AbortSignal.any([signal, enough.signal]));
  const began = performance.now();
  let patience: number | undefined;
  try {
    for (;;) {
      const item = await nextWithin(source, patience);
      if (item === undefined || item.done === true) return;
      patience ??= Math.max(PATIENCE, 2 * (performance.now() - began));
      yield item.value;
    }
  } finally {
    enough.abort();
    source.return(undefined).catch(() => undefined); // waits for the aborted query, as nobody else should
  }
}

/** The next item, or undefined when it takes longer than `time` ms. */
async function nextWithin<T>(
  source: AsyncGenerator<T>,
  time: number | undefined,
): Promise<IteratorResult<T> | undefined> {
  const next = source.next();
  if (time === undefined) return next;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, time, undefined);
  });
  try {
    next.catch(() => undefined); // when it comes late, nobody is there to see it fail
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}
