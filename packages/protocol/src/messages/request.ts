import type { Codec } from "../schema.ts";
import { list, refine, struct, text, union, word } from "../schema.ts";
import type { CIDText, Hex32, Money, PeerId, PPM, Time } from "../scalars.ts";
import { cid, hex32, index, money, peer, ppm, time } from "../scalars.ts";
import type { PrivacyLevel } from "./advert.ts";
import { privacyLevel } from "./advert.ts";

/** The blob with the private inputs of every step, or with the states at the shard boundaries. */
export type RequestInput =
  | { readonly kind: "inputs"; readonly blob: CIDText }
  | { readonly kind: "boundaries"; readonly blob: CIDText };

/** Asked by a dApp; the job's name everywhere is this message's id, so the same bytes asked twice are one job. */
export interface ProofRequest {
  /** chosen at random once per job: asking again with the same nonce resumes */
  readonly nonce: Hex32;
  readonly program: CIDText;
  /**
   * The commitment key that the program is bound to: SHA-256 of [τ]₂ (128 bytes: x.c0, x.c1, y.c0, y.c1, little endian)
   * of powers of tau, which determines them all. Left out: the transparent key.
   */
  readonly powers?: Hex32;
  readonly context: Hex32;
  /** state before the first step, field elements of 32 bytes little endian */
  readonly z0: readonly Hex32[];
  /** state claimed after the last step, as many elements as `z0` */
  readonly zN?: readonly Hex32[];
  readonly steps: number;
  readonly input: RequestInput;
  readonly maxPrice: Money;
  readonly deadline: Time;
  readonly minReputation: PPM;
  readonly privacy: PrivacyLevel;
}

/** A request that a broker accepted. */
export interface Order {
  readonly job: CIDText;
  readonly requester: PeerId;
  /** who follow the job's log, in the order in which they take over */
  readonly standbys: readonly PeerId[];
  readonly maxPrice: Money;
  readonly deadline: Time;
}

/** The requester calls a job off. */
export interface Cancel {
  readonly job: CIDText;
  readonly reason: string;
}

const input: Codec<RequestInput> = union<RequestInput>({
  inputs: struct({ kind: word("inputs"), blob: cid }),
  boundaries: struct({ kind: word("boundaries"), blob: cid }),
});

const state: Codec<readonly Hex32[]> = list(hex32, 0, 256);

const fields: Codec<ProofRequest> = struct<ProofRequest>(
  {
    nonce: hex32,
    program: cid,
    powers: hex32,
    context: hex32,
    z0: state,
    zN: state,
    steps: refine(index, (n) => (n > 0 ? undefined : "at least one step")),
    input,
    maxPrice: money,
    deadline: time,
    minReputation: ppm,
    privacy: privacyLevel,
  },
  ["powers", "zN"],
);

export const proofRequest: Codec<ProofRequest> = refine(fields, ({ z0, zN }) =>
  zN === undefined || zN.length === z0.length ? undefined : "as many elements in zN as in z0",
);

export const order: Codec<Order> = struct<Order>({
  job: cid,
  requester: peer,
  standbys: refine(list(peer, 0, 16), (peers) =>
    new Set(peers).size === peers.length ? undefined : "different standbys",
  ),
  maxPrice: money,
  deadline: time,
});

export const cancel: Codec<Cancel> = struct<Cancel>({ job: cid, reason: text(256) });
