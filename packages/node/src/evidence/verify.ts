// Checks a file of evidence offline: nothing but the file, and for a wrong node the program, is needed.

import { type Bundle, encodeBundle, openBundle } from "@foldmesh/client";
import { checkWrongAward } from "@foldmesh/market";
import { cidOfBytes } from "@foldmesh/network";
import {
  type Charge,
  type PeerId,
  ProtocolError,
  type SignedMessage,
  checkEquivocation,
  openAll,
  openMessage,
  slotOf,
  verifySignature,
} from "@foldmesh/protocol";
import { openSession } from "@foldmesh/prover";
import type { OpenSession } from "../sessions.ts";
import { type Dossier, decodeDossier } from "./dossier.ts";
import { type NodeCourt, judgeWrongNode, openWrongNode, systemOf } from "./wrong-node.ts";

export interface EvidenceRequest {
  readonly file: Uint8Array;
  /** for a charge of a wrong node */
  readonly bundle?: Bundle | undefined;
  readonly threads: number;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** tests replace it */
  readonly openSession?: OpenSession;
}

interface Parties {
  readonly accused: PeerId;
  /** who made the evidence; it need not be believed */
  readonly accuser: PeerId;
  readonly charge: Charge;
}

export type EvidenceVerdict = Parties &
  (
    | { readonly kind: "proven"; readonly facts: readonly string[] }
    | { readonly kind: "not-proven"; readonly reason: string }
    /** it cannot be told with what was given */
    | { readonly kind: "open"; readonly reason: string }
  );

/**
 * Whether the evidence in a file proves its charge.
 * @throws ProtocolError when the file is no evidence or its outer signature is wrong; ProverError PLAN, CACHE, ABORTED
 */
export async function verifyEvidence(request: EvidenceRequest): Promise<EvidenceVerdict> {
  const dossier = decodeDossier(request.file);
  const message = await openMessage(verifySignature, dossier.message, "Evidence");
  const { accused, charge } = message.content;
  const parties = { accused, accuser: message.sender, charge };
  try {
    return { ...parties, ...(await CHECKS[charge](message, request, dossier)) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ...parties, kind: "not-proven", reason: error.message };
  }
}

type Finding = {
  [K in EvidenceVerdict["kind"]]: Omit<Extract<EvidenceVerdict, { kind: K }>, keyof Parties>;
}[EvidenceVerdict["kind"]];
type Check = (
  message: SignedMessage<"Evidence">,
  request: EvidenceRequest,
  dossier: Dossier,
) => Promise<Finding>;

const CHECKS: Readonly<Record<Charge, Check>> = {
  async equivocation({ content }) {
    await checkEquivocation(verifySignature, content);
    const [one, two] = await openAll(verifySignature, content);
    return proven(
      `it signed two different messages ${one!.kind} for one place (${slotOf(one!)}), where an honest peer signs one`,
      `the one is ${one!.id}`,
      `the other is ${two!.id}`,
    );
  },

  async "wrong-award"({ content }) {
    await checkWrongAward(verifySignature, content);
    const [announcement, award, ...reveals] = await openAll(verifySignature, content);
    return proven(
      `it awarded the auction ${announcement!.id} otherwise than its ${reveals.length} revealed bids say`,
      `the award is ${award!.id}`,
    );
  },

  async "invalid-node"({ content }, request, { blobs }) {
    const charge = await openWrongNode(verifySignature, content);
    const { program: cid } = charge.lease.content;
    if (request.bundle === undefined) return open(`name the program ${cid} with --program`);
    const bundle = encodeBundle(request.bundle);
    if (cidOfBytes(bundle) !== cid) {
      return open(`the evidence is about the program ${cid}, another one was given`);
    }
    const program = openBundle(bundle);
    const { signal, threads, cacheDir } = request;
    const { stepsPerLeaf, context } = systemOf(charge);
    const system = { program, stepsPerLeaf, steps: stepsPerLeaf, context };
    const opening = request.openSession ?? openSession;
    await using session = await opening({ ...system, threads, cacheDir, signal });
    const byCID = new Map(blobs.map((blob) => [cidOfBytes(blob), blob]));
    const court: NodeCourt = { program, session, blob: (each) => byCID.get(each), signal };
    const verdict = await judgeWrongNode(court, charge);
    if (verdict.kind === "missing") return open(`the file lacks the blob ${verdict.cid}`);
    if (verdict.kind === "not-shown") return { kind: "not-proven", reason: verdict.reason };
    const { task, job, node } = charge.delivery.content;
    return proven(
      `it delivered the node ${node} for ${task} of job ${job}, which is wrong`,
      ...verdict.failures.map((failure) => `the check failed at ${failure}`),
    );
  },
};

const proven = (...facts: readonly string[]): Finding => ({ kind: "proven", facts });
const open = (reason: string): Finding => ({ kind: "open", reason });
