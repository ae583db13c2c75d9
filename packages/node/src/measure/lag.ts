import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late this process came to what it was to do, ms, in the last ten to twenty seconds: proving belongs into threads. */
export interface EventLoopLag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LagMeter {
  lag(): EventLoopLag;
  stop(): void;
}

const RESOLUTION_MS = 10;
const WINDOW_MS = 10_000;

/** Two histograms that start in turn, so that one always covers a whole window. */
export function measureLag(): LagMeter {
  const start = (): ReturnType<typeof monitorEventLoopDelay> => {
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    return histogram;
  };
  let older = start();
  let newer = start();
  const timer = setInterval(() => {
    older.disable();
    [older, newer] = [newer, start()];
  }, WINDOW_MS);
  timer.unref();
  return {
    lag: () => ({
      p50: late(older.percentile(50)),
      p99: late(older.percentile(99)),
      max: late(older.max),
    }),
    stop() {
      clearInterval(timer);
      older.disable();
      newer.disable();
    },
  };
}

/** The histogram holds ns between ticks, in which the resolution itself is no lag. */
const late = (ns: number): number => Math.max(0, Math.round(ns / 1e6 - RESOLUTION_MS));
