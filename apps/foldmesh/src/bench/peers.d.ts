// The parts of the benchmark's peers that have no types of their own.

declare module "ffjavascript" {
  interface PeerCurve {
    readonly G1: {
      /** Affine bases in Montgomery form, canonical scalars, all little-endian. */
      multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
      toAffine(point: Uint8Array): Uint8Array;
      toObject(point: Uint8Array): readonly bigint[];
    };
    readonly G2: {
      readonly g: Uint8Array;
      timesScalar(point: Uint8Array, scalar: Uint8Array): Uint8Array;
      toAffine(point: Uint8Array): Uint8Array;
    };
    /** w[k]: a root of unity of order 2^k */
    readonly Fr: { readonly w: readonly Uint8Array[]; toObject(x: Uint8Array): bigint };
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

declare module "snarkjs" {
  export interface Proved {
    readonly proof: object;
    readonly publicSignals: readonly string[];
  }
  interface Scheme {
    fullProve(input: object, wasmFile: string, zkeyFile: string): Promise<Proved>;
    verify(key: object, publicSignals: readonly string[], proof: object): Promise<boolean>;
  }
  export const groth16: Scheme;
  export const plonk: Scheme & {
    setup(r1csFile: string, ptauFile: string, zkeyFile: string): Promise<unknown>;
  };
  export const zKey: {
    newZKey(r1csFile: string, ptauFile: string, zkeyFile: string): Promise<unknown>;
    exportVerificationKey(zkeyFile: string): Promise<object>;
  };
}
