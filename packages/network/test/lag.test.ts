import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLagMeter, type LagMeter } from "../src/lag.ts";

let time: number;
let meter: LagMeter;
beforeEach(() => {
  vi.useFakeTimers();
  time = 0;
  meter = createLagMeter(() => time);
});
afterEach(() => {
  meter.stop();
  vi.useRealTimers();
});

/** Time goes by, and timers run `late` ms after they were due. */
function pass(ms: number, late = 0): void {
  for (let done = 0; done < ms; done += 100) {
    time += 100 + late;
    vi.advanceTimersByTime(100);
  }
}

test("who runs on time has not stood still", () => {
  pass(2000, 20);
  expect(meter.paused(2000)).toBe(0);
});

test("a pause counts while it lasts, and within the time that is asked about", () => {
  pass(1000);
  time += 800; // nothing has run since
  expect(meter.paused(1000)).toBe(700); // a tick was due after the first 100
  vi.advanceTimersByTime(100);
  pass(500);
  expect(meter.paused(2000)).toBe(700);
  expect(meter.paused(800)).toBe(300);
  expect(meter.paused(400)).toBe(0);
});
