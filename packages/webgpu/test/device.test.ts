import { afterAll, describe, expect, test } from "vitest";
import {
  type Device,
  GpuError,
  LAYOUTS,
  chooseLayout,
  layoutName,
  measureLayouts,
  openDevice,
} from "../src/index.ts";
import { compile, storageBuffer } from "../src/kernel.ts";
import { nodeGpu } from "../src/node.ts";
import { anyDevice } from "./support.ts";

const device = await anyDevice();
afterAll(() => device?.[Symbol.dispose]());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) => (error instanceof GpuError ? error.code : String(error)),
  );

test("a browser without WebGPU and a machine without a GPU are told what is missing", async () => {
  await expect(openDevice(undefined)).rejects.toThrow(/does not offer WebGPU.*HTTPS/);
  const gpu = { requestAdapter: async () => null } as unknown as GPU;
  expect(await codeOf(openDevice(gpu))).toBe("NO_ADAPTER");
});

test("Dawn is opened once, and kept", async () => {
  expect(await nodeGpu()).toBe(await nodeGpu());
});

describe.skipIf(device === null)("a device", () => {
  test("says what it is and gives all the memory that the adapter has", () => {
    const { facts } = device!;
    expect(facts.device + facts.description).not.toBe("");
    expect(facts.maxBindingBytes).toBeGreaterThanOrEqual(2 ** 27);
    expect(facts.maxBufferBytes).toBeGreaterThanOrEqual(2 ** 28);
  });

  test("an allocation that fails and a shader that is wrong are typed errors, and no more", async () => {
    const tooLarge = device!.checked(() => storageBuffer(device!, 2 ** 50));
    expect(await codeOf(tooLarge)).toMatch(/OUT_OF_MEMORY|INVALID/);
    const wrong = compile(device!, {
      name: "wrong",
      library: "",
      bindings: [],
      body: "let x: u32 = 1i;",
    });
    expect(await codeOf(wrong)).toBe("INVALID");
    expect(await device!.checked(() => 5)).toBe(5);
    expect(device!.fault).toBeUndefined();
  });

  test("layouts are timed, the fastest first, and the choice is kept", async () => {
    const layouts = LAYOUTS.filter(({ bits, style }) => bits > 14 && style === "looped");
    const speeds = await measureLayouts(device!, layouts);
    expect(speeds.map(({ layout }) => layout).toSorted()).toEqual(["15x17 looped", "16x16 looped"]);
    expect(speeds[0]!.rate).toBeGreaterThanOrEqual(speeds[1]!.rate);
    const hardware = { facts: { ...device!.facts, software: false } } as Device;
    const kept = JSON.stringify([{ layout: "13x20 unrolled", rate: 5 }]);
    const records = { read: async () => kept, write: async () => {} };
    expect(layoutName(await chooseLayout(hardware, records))).toBe("13x20 unrolled");
  });

  test("a device that is lost says so to whoever waits", async () => {
    using lost = await openDevice(await nodeGpu());
    const waiting = codeOf(lost.wait(new Promise(() => {})));
    lost.handle.destroy();
    expect(await waiting).toBe("LOST");
    expect(lost.fault?.code).toBe("LOST");
    expect(await codeOf(lost.wait(Promise.resolve(1)))).toBe("LOST");
  });

  test("a device that does not answer is given up at the deadline", async () => {
    using hung = await openDevice(await nodeGpu(), { deadline: 50 });
    expect(await codeOf(hung.wait(new Promise(() => {})))).toBe("HUNG");
    expect(await codeOf(hung.wait(Promise.resolve(1)))).toBe("HUNG");
  });

  test("a device that nobody waits for any more is given up at once, and is counted while it is asked", async () => {
    let [stopped, waiting] = [false, 0];
    const watch = {
      isStopped: () => stopped,
      count: (change: number) => void (waiting += change),
    };
    using device = await openDevice(await nodeGpu(), { watch });
    const outcome = codeOf(device.wait(new Promise(() => {})));
    expect(waiting).toBe(1);
    stopped = true;
    expect(await outcome).toBe("LOST");
    expect(waiting).toBe(0);
    expect(device.fault?.message).toMatch(/cancelled/);
  });

  test("what no scope caught makes a device unusable", async () => {
    using broken = await openDevice(await nodeGpu());
    broken.handle.createBuffer({ size: 16, usage: 0 });
    await broken.handle.queue.onSubmittedWorkDone();
    await expect.poll(() => broken.fault?.code).toBe("INVALID");
    expect(await codeOf(broken.wait(Promise.resolve(1)))).toBe("INVALID");
  });
});
