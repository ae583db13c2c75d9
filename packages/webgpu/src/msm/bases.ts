// Bases that stay on the GPU: uploaded and converted once for each commitment key.

import { POINT_BYTES } from "@foldmesh/algebra";
import type { Device } from "../device.ts";
import { type Program, dispatch, storageBuffer } from "../kernel.ts";

/** A range of a key's bases in one buffer. */
export interface BaseChunk {
  readonly start: number;
  readonly count: number;
  readonly buffer: GPUBuffer;
}

/** Points in one upload: 16 MiB. */
const PIECE = 2 ** 18;

/**
 * Uploads bases in chunks of at most `chunk` points.
 * @param bytes 64 bytes each, in the form that `program` was made for
 * @throws GpuError OUT_OF_MEMORY with nothing kept, LOST, HUNG
 */
export async function uploadBases(
  device: Device,
  program: Program,
  bytes: Uint8Array,
  chunk: number,
): Promise<BaseChunk[]> {
  const total = bytes.length / POINT_BYTES;
  const chunks: BaseChunk[] = [];
  let raw: GPUBuffer | undefined;
  try {
    for (let start = 0; start < total; start += chunk) {
      const count = Math.min(chunk, total - start);
      const buffer = await device.checked(() => {
        raw ??= storageBuffer(device, POINT_BYTES * Math.min(PIECE, chunk, total));
        return storageBuffer(device, POINT_BYTES * count);
      });
      chunks.push({ start, count, buffer });
      for (let at = 0; at < count; at += PIECE) {
        const n = Math.min(PIECE, count - at);
        const from = POINT_BYTES * (start + at);
        // a copy: memory that threads share cannot be handed to a queue
        const piece = bytes.slice(from, from + POINT_BYTES * n) as Uint8Array<ArrayBuffer>;
        device.handle.queue.writeBuffer(raw!, 0, piece);
        const encoder = device.handle.createCommandEncoder();
        dispatch(device, encoder, program, [raw!, buffer], 2 * n, [2 * n, 2 * at]);
        device.handle.queue.submit([encoder.finish()]);
      }
    }
    await device.wait(device.handle.queue.onSubmittedWorkDone());
    return chunks;
  } catch (error) {
    freeBases(chunks);
    throw error;
  } finally {
    raw?.destroy();
  }
}

export function freeBases(chunks: readonly BaseChunk[]): void {
  for (const { buffer } of chunks) buffer.destroy();
}
