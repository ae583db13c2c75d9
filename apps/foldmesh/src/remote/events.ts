import type { JobUpdate, Quotation, Submitted } from "@foldmesh/client";

/** What happens to a job that others prove, for whoever watches. */
export type RemoteEvent =
  /** nobody answers yet; for how long it is tried again, ms */
  | { readonly kind: "waiting"; readonly ms: number }
  | { readonly kind: "connected"; readonly broker: string; readonly peer: string }
  | { readonly kind: "quoted"; readonly quote: Quotation; readonly maxPrice: bigint }
  | { readonly kind: "ordered"; readonly order: Submitted }
  | { readonly kind: "update"; readonly update: JobUpdate }
  /** the proof is here and is being checked by ourselves */
  | { readonly kind: "checking"; readonly bytes: number }
  | { readonly kind: "checked"; readonly ok: boolean; readonly ms: number };
