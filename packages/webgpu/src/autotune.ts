// Which layout of limbs a device multiplies fastest: a chain of products in each, timed; kept.

import { Fq } from "@foldmesh/algebra";
import type { Device } from "./device.ts";
import { GpuError } from "./errors.ts";
import { compile, dispatch, readBack, storageBuffer, writes } from "./kernel.ts";
import { type Records, readRecord } from "./records.ts";
import { fieldCode } from "./wgsl/field.ts";
import {
  LAYOUTS,
  type Layout,
  type TimedLayout,
  layoutName,
  layoutNamed,
  softwareLayout,
} from "./wgsl/layout.ts";

export interface LayoutSpeed {
  readonly layout: string;
  /** Multiplications a second. */
  readonly rate: number;
}

const CHAINS = 2 ** 15;
const LENGTH = 64;
/** A longer search is broken off: compilers differ widely. */
const PATIENCE_MS = 10_000;

const isSpeeds = (value: unknown): value is LayoutSpeed[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (speed: Partial<LayoutSpeed> | null) =>
      layoutNamed(speed?.layout ?? "") !== undefined && typeof speed?.rate === "number",
  );

/** Names a device's measurements: another driver is another device. */
export const deviceName = ({ facts }: Device): string =>
  `${facts.vendor} ${facts.architecture} ${facts.device} ${facts.description}`;

/** The layout for this device: software takes the one that compiles, others the fastest of those timed. */
export async function chooseLayout(device: Device, records: Records): Promise<TimedLayout> {
  if (device.facts.software) return softwareLayout;
  const name = `layouts ${deviceName(device)}`;
  let speeds = await readRecord(records, name, isSpeeds);
  if (speeds === null) {
    const candidates = LAYOUTS.filter(({ style }) => style !== "compact");
    speeds = await measureLayouts(device, candidates);
    await records.write(name, JSON.stringify(speeds));
  }
  const [{ layout, rate }] = speeds as [LayoutSpeed];
  return { ...layoutNamed(layout)!, rate };
}

/** Fastest first. @throws GpuError */
export async function measureLayouts(
  device: Device,
  layouts: readonly Layout[],
): Promise<LayoutSpeed[]> {
  const speeds: LayoutSpeed[] = [];
  let refused: GpuError | undefined;
  const end = performance.now() + PATIENCE_MS;
  for (const layout of layouts) {
    if (speeds.length > 0 && performance.now() > end) break;
    try {
      speeds.push({ layout: layoutName(layout), rate: await measure(device, layout) });
    } catch (error) {
      // a driver that refuses one layout may take another
      if (!(error instanceof GpuError) || device.fault !== undefined) throw error;
      refused ??= error;
    }
  }
  if (speeds.length === 0) {
    const message = `the GPU takes none of our shaders: ${refused?.message ?? "none was tried"}`;
    throw new GpuError("INVALID", message, { cause: refused });
  }
  return speeds.toSorted((a, b) => b.rate - a.rate);
}

async function measure(device: Device, layout: Layout): Promise<number> {
  const program = await compile(device, {
    name: "chain",
    library: fieldCode(Fq, layout),
    bindings: [writes("out")],
    body: `
  if (id >= param(0u)) { return; }
  var a = one();
  a[0] = id;
  var b = one();
  for (var k = 0u; k < param(1u); k++) {
    let c = mul(a, b);
    a = b;
    b = c;
  }
  store_out(id, b);`,
  });
  const buffer = await device.checked(() => storageBuffer(device, 32 * CHAINS));
  try {
    const run = async (length: number): Promise<number> => {
      const started = performance.now();
      const encoder = device.handle.createCommandEncoder();
      dispatch(device, encoder, program, [buffer], CHAINS, [CHAINS, length]);
      await readBack(device, encoder, buffer, 32);
      return performance.now() - started;
    };
    await run(1); // the first use compiles
    const idle = await run(1);
    let length = LENGTH;
    let ms = await run(length);
    while (ms - idle < 20 && length < 2 ** 14) {
      length *= 4;
      ms = await run(length);
    }
    return (1000 * CHAINS * length) / Math.max(ms - idle, 0.01);
  } finally {
    buffer.destroy();
  }
}
