import type { JobInput, StepInputs } from "@foldmesh/r1cs";
import { R1CSError } from "@foldmesh/r1cs";

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

/** H(0) of FIPS 180-4, 5.3.3, packed: the z0 of every `sha256` job. */
export const SHA256_Z0: readonly [bigint, bigint] = [
  0x6a09e667_bb67ae85_3c6ef372_a54ff53an,
  0x510e527f_9b05688c_1f83d9ab_5be0cd19n,
];

/** Blocks of a padded message of n bytes: the steps of its job. */
export const sha256Blocks = (n: number): number => Math.ceil((n + 1 + LENGTH_BYTES) / BLOCK_BYTES);

/**
 * The job that proves the SHA-256 of `message` with the `sha256` program: one step a 64-byte block.
 * @example const { zn } = await prove(sha256Input(file)); sha256Digest(zn) // what sha256sum prints
 */
export function sha256Input(message: Uint8Array): JobInput {
  const padded = pad(message);
  const steps: StepInputs[] = [];
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) {
    const view = new DataView(padded.buffer, offset, BLOCK_BYTES);
    steps.push({ block: Array.from({ length: 16 }, (_, k) => BigInt(view.getUint32(4 * k))) });
  }
  return { z0: SHA256_Z0, steps };
}

/** FIPS 180-4, 5.1.1: 0x80, zeros, the length in bits as u64 big-endian. */
function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(sha256Blocks(message.length) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - LENGTH_BYTES, 8n * BigInt(message.length));
  return padded;
}

/** The digest that a state stands for, as 64 hexadecimal digits. @throws R1CSError INPUT */
export function sha256Digest(zn: readonly bigint[]): string {
  if (zn.length !== 2 || zn.some((x) => x < 0n || x >> 128n !== 0n)) {
    throw new R1CSError("INPUT", "a SHA-256 state is two elements below 2^128");
  }
  return zn.map((x) => x.toString(16).padStart(32, "0")).join("");
}

/** The state that a digest stands for: the zn to expect. @throws R1CSError INPUT */
export function sha256State(digest: string): [bigint, bigint] {
  if (!/^[0-9a-fA-F]{64}$/.test(digest)) {
    throw new R1CSError("INPUT", "a SHA-256 digest has 64 hexadecimal digits");
  }
  return [BigInt(`0x${digest.slice(0, 32)}`), BigInt(`0x${digest.slice(32)}`)];
}
