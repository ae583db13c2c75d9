export interface TimingOptions {
  /** Runs that are measured. */
  readonly runs: number;
  /** Runs before them, not measured. */
  readonly warmUp?: number;
}

/** Median milliseconds of `body`, one run after the other. */
export async function medianTime(
  { runs, warmUp = 1 }: TimingOptions,
  body: () => unknown,
): Promise<number> {
  for (let i = 0; i < warmUp; i++) await body();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await body();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** NaN for no times. */
export function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
