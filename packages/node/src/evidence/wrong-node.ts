// A charge of a wrong node: who asked for the computation, who ordered it, the lease and the delivery, all signed. What the
// accused delivered is held to what the lease named, by its CIDs alone: neither broker nor accuser need be believed.

import { elementFromHex } from "@foldmesh/client";
import {
  type CIDText,
  type Contents,
  type Evidence,
  type SignedMessage,
  type Verifier,
  badEvidence,
  mustBe,
  openAll,
} from "@foldmesh/protocol";
import type { Lineage, ProofForm, Session, VerifyResult, VerifyTask } from "@foldmesh/prover";
import type { Program } from "@foldmesh/r1cs";
import { lineageAbove } from "../broker/lineage.ts";
import { statesBetweenLeaves } from "../broker/states.ts";
import { candidatesOf } from "../candidates.ts";
import { pidOf } from "../pid.ts";
import { decodeShardInput } from "../shard-input.ts";

export interface WrongNode {
  readonly request: SignedMessage<"ProofRequest">;
  readonly lease: SignedMessage<"Lease">;
  readonly delivery: SignedMessage<"Delivery">;
}

/** The content of an Evidence message against the peer that delivered. */
export function wrongNode(
  { request, lease, delivery }: WrongNode,
  order: SignedMessage<"Order">,
): Evidence {
  const messages = [request, order, lease, delivery].map(({ bytes }) => bytes);
  return { accused: delivery.sender, charge: "invalid-node", messages };
}

/**
 * Opens the messages of a charge of a wrong node and checks that they belong together.
 * @throws ProtocolError BAD_EVIDENCE, or what was wrong with a message inside
 */
export async function openWrongNode(verify: Verifier, evidence: Evidence): Promise<WrongNode> {
  const { length } = evidence.messages;
  if (length !== 4) throw badEvidence(`expected four messages, got ${length}`); // signatures cost
  const opened = await openAll(verify, evidence);
  const request = mustBe("ProofRequest", opened[0]);
  const order = mustBe("Order", opened[1]);
  const lease = mustBe("Lease", opened[2]);
  const delivery = mustBe("Delivery", opened[3]);
  const fault = strangerIn(evidence, { request, lease, delivery }, order);
  if (fault !== undefined) throw badEvidence(fault);
  return { request, lease, delivery };
}

/** The first message that does not fit the others. */
function strangerIn(
  { accused }: Evidence,
  { request, lease, delivery }: WrongNode,
  signed: SignedMessage<"Order">,
): string | undefined {
  const order = signed.content;
  const [asked, made] = [lease.content, delivery.content];
  const isOfJob = [order.job, asked.job, made.job].every((job) => job === request.id);
  if (!isOfJob || order.requester !== request.sender) return "its messages are of different jobs";
  if (asked.program !== request.content.program) return "the lease is of another program";
  if (!candidatesOf(signed).includes(lease.sender)) return "the lease is not of its broker";
  if (asked.peer !== accused || delivery.sender !== accused) {
    return "the lease or the delivery is not of the accused";
  }
  if (made.lease !== lease.id || asked.task !== made.task || asked.epoch !== made.epoch) {
    return "the delivery is not under this lease";
  }
  return undefined;
}

/** What a judge needs: the program's system, and the blobs by their CIDs. */
export interface NodeCourt {
  readonly program: Program;
  readonly session: Session;
  readonly blob: (cid: CIDText) => Uint8Array | undefined;
  readonly signal: AbortSignal;
}

export type NodeVerdict =
  | { readonly kind: "wrong"; readonly failures: readonly string[] }
  /** the node is what was asked for, or its fault is not its maker's */
  | { readonly kind: "not-shown"; readonly reason: string }
  | { readonly kind: "missing"; readonly cid: CIDText };

/** A compressed proof grows with the logarithm of its structure. */
export const MAX_COMPRESSED_BYTES: number = 2 ** 20;

/** Why a node of this length cannot be right. */
export function sizeFault(form: ProofForm, bytes: number, session: Session): string | undefined {
  const most = form === "node" ? session.nodeBytes : MAX_COMPRESSED_BYTES;
  if (form === "node" ? bytes === most : bytes <= most) return undefined;
  return `a ${form} of this program has ${most} bytes, this one ${bytes}`;
}

/**
 * Runs the node check on what was delivered, against what the lease asked for: the states of a shard come of its input, those of a
 * merge and of a compression of the nodes that went in, which must be right themselves.
 * @throws ProverError ABORTED, PLAN; ProtocolError, R1CSError where the broker's own input is unusable
 */
export async function judgeWrongNode(
  court: NodeCourt,
  { lease: { content: lease }, delivery: { content: delivery } }: WrongNode,
): Promise<NodeVerdict> {
  const { session, blob, signal } = court;
  const form = lease.kind === "compress" ? "compressed" : "node";
  if (delivery.range.start !== lease.range.start || delivery.range.end !== lease.range.end) {
    return wrong("it is said to be of another range than the lease");
  }
  const size = sizeFault(form, delivery.bytes, session);
  if (size !== undefined) return wrong(size);
  const node = blob(delivery.node);
  if (node === undefined) return { kind: "missing", cid: delivery.node };
  if (node.length !== delivery.bytes) return wrong(`it has ${node.length} bytes, not as delivered`);
  const asked = await EXPECTED[lease.kind](court, lease, delivery);
  if ("kind" in asked) return asked;
  const { failures } =
    form === "node"
      ? await session.verify({ node, expected: asked }, { signal })
      : await session.check({ proof: node, expected: asked }, { signal });
  if (failures.length > 0) return wrong(...failures);
  return { kind: "not-shown", reason: "the node is what its lease asked for" };
}

type Lease = Contents["Lease"];
type Delivery = Contents["Delivery"];
type Asked = VerifyTask["expected"] | Exclude<NodeVerdict, { kind: "wrong" }>;

const EXPECTED: Readonly<
  Record<Lease["kind"], (court: NodeCourt, lease: Lease, delivery: Delivery) => Promise<Asked>>
> = {
  prove: expectedOfShard,
  merge: expectedAbove,
  compress: expectedAbove,
  verify: () => Promise.resolve({ kind: "not-shown", reason: "nobody leases a verification" }),
};

async function expectedOfShard(
  court: NodeCourt,
  lease: Lease,
  { batch = 1 }: Delivery,
): Promise<Asked> {
  const { program, blob, signal } = court;
  const { job, range, stepsPerLeaf, inputs } = lease;
  const [cid] = inputs;
  if (cid === undefined) throw badEvidence("the lease names no input");
  const bytes = blob(cid);
  if (bytes === undefined) return { kind: "missing", cid };
  const input = decodeShardInput(bytes, job, (range.end - range.start) * stepsPerLeaf);
  const options = { signal, onProgress: () => undefined };
  const states = await statesBetweenLeaves(program, input, stepsPerLeaf, options);
  const lineage = await lineageOfShard(court, lease, batch);
  return { ...expected(range, states[0]!, states.at(-1)!), lineage };
}

/** The accused's own work, from where the lease let it go on; unknown without the node that it goes on from. */
async function lineageOfShard(
  { blob, session, signal }: NodeCourt,
  { job, peer, range, resume }: Lease,
  batch: number,
): Promise<Lineage | undefined> {
  const pid = pidOf(peer, job);
  if (resume === undefined) return { kind: "shard", pid, range, batch };
  const node = blob(resume.node);
  if (node === undefined) return undefined;
  const task = { node, expected: { i: 0n }, statementOnly: true }; // only the claim is looked at
  const before = (await session.verify(task, { signal })).claim?.provenance;
  const rest = { start: resume.done.end, end: range.end };
  return before === undefined ? undefined : { kind: "shard", pid, range: rest, batch, before };
}

/** A merge of nodes that are right and fit each other has one right statement; so has the compression of a root. */
async function expectedAbove(court: NodeCourt, { range, inputs }: Lease): Promise<Asked> {
  let at = BigInt(range.start);
  let zIn: readonly bigint[] | undefined;
  let zOut: readonly bigint[] | undefined;
  const contributors: bigint[] = [];
  for (const cid of inputs) {
    const node = court.blob(cid);
    if (node === undefined) return { kind: "missing", cid };
    const checked = await court.session.verify(
      { node, expected: { i: at, zIn: zOut } },
      { signal: court.signal },
    );
    if (!isRight(checked)) return notIts(cid, checked.failures);
    zIn ??= checked.claim.zIn;
    ({ j: at, zOut } = checked.claim);
    contributors.push(checked.claim.provenance);
  }
  if (at !== BigInt(range.end) || zIn === undefined || zOut === undefined) {
    return { kind: "not-shown", reason: "the nodes that it is made of do not span its range" };
  }
  return { ...expected(range, zIn, zOut), lineage: lineageAbove(contributors) };
}

type Right = VerifyResult & { readonly claim: NonNullable<VerifyResult["claim"]> };
const isRight = (result: VerifyResult): result is Right =>
  result.failures.length === 0 && result.claim !== null;

const notIts = (cid: CIDText, failures: readonly string[]): Asked => ({
  kind: "not-shown",
  reason: `the node ${cid} that it was made of is wrong itself (${failures.join(", ")}): its maker is to blame`,
});

const expected = (
  { start, end }: Lease["range"],
  zIn: readonly bigint[],
  zOut: readonly bigint[],
): VerifyTask["expected"] => ({ i: BigInt(start), j: BigInt(end), zIn, zOut });

const wrong = (...failures: readonly string[]): NodeVerdict => ({ kind: "wrong", failures });

/** The system that a charge is about. */
export const systemOf = ({
  request,
  lease,
}: WrongNode): { stepsPerLeaf: number; context: bigint } => ({
  stepsPerLeaf: lease.content.stepsPerLeaf,
  context: elementFromHex(request.content.context),
});

/** The blobs that a charge speaks of: the node, and what it was made of. */
export const blobsOf = ({ lease, delivery }: WrongNode): readonly CIDText[] => [
  delivery.content.node,
  ...lease.content.inputs,
  ...(lease.content.resume ? [lease.content.resume.node] : []),
];

/** Whether the messages of a charge show a wrong node by themselves. */
export const showsByItself = ({ lease, delivery }: WrongNode): boolean =>
  delivery.content.range.start !== lease.content.range.start ||
  delivery.content.range.end !== lease.content.range.end;
