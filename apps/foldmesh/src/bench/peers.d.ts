// The parts of the benchmark's peers that have no types of their own.

declare module "ffjavascript" {
  interface PeerCurve {
    readonly G1: {
      /** Affine bases in Montgomery form, canonical scalars, all little-endian. */
      multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
      toAffine(point: Uint8Array): Uint8Array;
      toObject(point: Uint8Array): readonly bigint[];
    };
    readonly F1: { batchToMontgomery(elements: Uint8Array): Promise<Uint8Array> };
    terminate(): Promise<void>;
  }
  export function buildBn128(singleThread: boolean): Promise<PeerCurve>;
}

declare module "circomlibjs" {
  interface PeerPoseidon {
    /** @param inputs elements in Montgomery form, 32 bytes each */
    (inputs: Uint8Array): Uint8Array;
    readonly F: { e(x: bigint): Uint8Array; toObject(x: Uint8Array): bigint };
  }
  export function buildPoseidon(): Promise<PeerPoseidon>;
}
