import { pippenger } from "@noble/curves/abstract/curve.js";
import { bn254 } from "@noble/curves/bn254.js";
import { G1, type Point, pointsFromBytes } from "@foldmesh/algebra";
import { buildBn128 } from "ffjavascript";

/** Another implementation of the same sum over G1, prepared for its bases. */
export interface MSMPeer extends AsyncDisposable {
  readonly name: string;
  /** Takes seconds: timed once. */
  readonly slow: boolean;
  readonly msm: (scalars: MSMScalars) => Promise<Point>;
}

/** The same scalars in both forms that the peers read. */
export interface MSMScalars {
  readonly elements: readonly bigint[];
  readonly bytes: Uint8Array;
}

/** What snarkjs uses. Without `singleThread` it takes all cores. */
export async function ffjavascriptPeer(bases: Uint8Array, singleThread: boolean): Promise<MSMPeer> {
  const curve = await buildBn128(singleThread);
  const { G1: group, F1 } = curve;
  const montgomery = await F1.batchToMontgomery(bases);
  return {
    name: "ffjavascript",
    slow: false,
    msm: async ({ bytes }) => {
      const sum = await group.multiExpAffine(montgomery, bytes);
      const [x = 0n, y = 0n] = group.toObject(group.toAffine(sum));
      return [x, y];
    },
    [Symbol.asyncDispose]: () => curve.terminate(),
  };
}

/** Pippenger over BigInt. */
export function noblePeer(bases: Uint8Array): MSMPeer {
  const { Point: NoblePoint } = bn254.G1;
  const points = pointsFromBytes(G1, bases).map(([x, y]) => NoblePoint.fromAffine({ x, y }));
  return {
    name: "@noble/curves",
    slow: true,
    msm: async ({ elements }) => {
      const { x, y } = pippenger(NoblePoint, points, [...elements]).toAffine();
      return [x, y];
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
