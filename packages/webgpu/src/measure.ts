// What a device does: for adverts, for the doctor, for whoever wonders.

import { G1, POINT_BYTES, pointsToBytes } from "@foldmesh/algebra";
import { chooseLayout } from "./autotune.ts";
import type { AdapterFacts, Device } from "./device.ts";
import { testScalars } from "./msm/costs.ts";
import { DeviceMSM } from "./msm/device-msm.ts";
import type { Records } from "./records.ts";
import { layoutName } from "./wgsl/layout.ts";

export interface GpuSpeed {
  readonly facts: AdapterFacts;
  readonly layout: string;
  /** Of the multi-scalar multiplication that was timed, over BN254 G1. */
  readonly points: number;
  readonly ms: number;
}

const SIZE = { hardware: 2 ** 16, software: 2 ** 12 } as const;
const DISTINCT = 256;

/** Times one commitment; the first use of a device takes seconds more, to choose a layout. @throws GpuError */
export async function measureSpeed(device: Device, records: Records): Promise<GpuSpeed> {
  const layout = await chooseLayout(device, records);
  const { facts } = device;
  const points = facts.software ? SIZE.software : SIZE.hardware;
  const msm = new DeviceMSM(device, layout);
  const key = await msm.key(G1, { bytes: someBases(points), R: 1n, offset: 0n });
  const scalars = testScalars(points);
  await msm.multiply(key, scalars); // shaders and buffers are made at the first
  const started = performance.now();
  await msm.multiply(key, scalars);
  return { facts, layout: layoutName(layout), points, ms: performance.now() - started };
}

/** Few points, again and again: for the speed it makes no difference. */
function someBases(n: number): Uint8Array {
  const points = Array.from({ length: DISTINCT }, (_, i) => G1.mul(BigInt(i + 1), [1n, 2n])!);
  const few = pointsToBytes(points);
  const all = new Uint8Array(n * POINT_BYTES);
  for (let at = 0; at < all.length; at += few.length) all.set(few, at);
  return all;
}
