// What the first generators w are, by SHA-256: constants of the protocol, which hash-to-curve gives to everybody.

import { POINT_BYTES } from "@foldmesh/algebra";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Generators in one block: 2 MiB. */
export const BLOCK_POINTS: number = 2 ** 15;
const BLOCK_BYTES = BLOCK_POINTS * POINT_BYTES;

/** Of the blocks in order, the first 2^18 generators. That of block 0 stands in the reference's vectors too. */
export const BASES_DIGESTS: readonly string[] = [
  "a1ec968aacdf4e732f756619a45b0980d4cb91899cc25545838621c89d0837f2",
  "d7ee3464298cf315e458b70e0417c8584adfdbd3fd93259af105cf3b66f20434",
  "a2a57e77d8f83cd69291ac2bb94e0416b2f5ae45b58c6b56397ed850e59f75c8",
  "775163c06acafdedb93dd6b1b5fab4af2a2381ea3a290c8e34b8c35be310ecc2",
  "631fd01eddb2ea472d151cc06ef2c8af1b3dc26b3557aa995443b6e888d63329",
  "cb0fed8f143613c1dc14c3d733650dc3c9ea1d2cbf051d0b932452886e0f1b2a",
  "1d3df7bffd8fb45dbfc135ceadd657fb2bdc9287294e60be0ee487fbf7441875",
  "7970555865873f6f9f4d03201005645780ad2ee5f9e6b36726d041c1ec3a869a",
];

/** Whether none of the whole blocks that are known here is another; behind 2^18 generators nothing is known. */
export const areKnownBases = (bases: Uint8Array): boolean =>
  BASES_DIGESTS.every((digest, n) => {
    const block = bases.subarray(n * BLOCK_BYTES, (n + 1) * BLOCK_BYTES);
    return block.length < BLOCK_BYTES || bytesToHex(sha256(block)) === digest;
  });
