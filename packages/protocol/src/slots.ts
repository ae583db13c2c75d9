import type { AnyMessage, SignedMessage, Verifier } from "./envelope.ts";
import { openMessage } from "./envelope.ts";
import { ProtocolError } from "./errors.ts";
import type { Evidence } from "./messages/delivery.ts";

/**
 * The slot in which a peer may sign only one message; two with the same sender, kind and slot but different ids are an equivocation.
 * Undefined for kinds that may be said again with other values (progress, renewals).
 */
export function slotOf(message: AnyMessage): string | undefined {
  switch (message.kind) {
    case "CapabilityAdvert":
      return `${message.content.sequence}`;
    case "Order":
      return message.content.job;
    case "AuctionAnnouncement":
      return `${message.content.job}/${message.content.sequence}`;
    case "BidCommit":
    case "RevealCall":
    case "BidReveal":
    case "Award":
      return message.content.auction;
    case "Lease":
      return `${message.content.job}/${message.content.task}/${message.content.epoch}`;
    case "Receipt":
      return `${message.content.job}/${message.content.task}/${message.content.epoch}/${message.content.peer}`;
    default:
      return undefined;
  }
}

/** Whether two genuine messages cannot both be honest. */
export function contradicts(a: AnyMessage, b: AnyMessage): boolean {
  const slot = slotOf(a);
  return (
    a.sender === b.sender &&
    a.kind === b.kind &&
    slot !== undefined &&
    slot === slotOf(b) &&
    a.id !== b.id
  );
}

/** The content of an Evidence message against a peer that signed two messages for one slot, in the order of their ids. */
export function equivocation(a: AnyMessage, b: AnyMessage): Evidence {
  const [first, second] = a.id < b.id ? [a, b] : [b, a];
  return { accused: a.sender, charge: "equivocation", messages: [first.bytes, second.bytes] };
}

/**
 * Checks a charge of equivocation offline: both messages genuine, both the accused's, and contradicting each other.
 * @throws ProtocolError BAD_EVIDENCE, or what was wrong with a message inside
 */
export async function checkEquivocation(verify: Verifier, evidence: Evidence): Promise<void> {
  if (evidence.messages.length !== 2) throw badEvidence("expected two messages"); // signatures cost
  const [a, b] = (await openAll(verify, evidence)) as [AnyMessage, AnyMessage];
  if (a.sender !== evidence.accused) throw badEvidence(`signed by ${a.sender}, not by the accused`);
  if (!contradicts(a, b)) throw badEvidence("the two messages do not contradict each other");
}

/** Opens all messages of an evidence. @throws ProtocolError of the first bad one */
export function openAll(verify: Verifier, evidence: Evidence): Promise<AnyMessage[]> {
  return Promise.all(evidence.messages.map((each) => openMessage(verify, each))) as Promise<
    AnyMessage[]
  >;
}

export function badEvidence(reason: string): ProtocolError {
  return new ProtocolError("BAD_EVIDENCE", `the evidence proves nothing: ${reason}`);
}

/** Narrows a message to one kind. @throws ProtocolError BAD_EVIDENCE */
export function mustBe<K extends AnyMessage["kind"]>(
  kind: K,
  message: AnyMessage | undefined,
): SignedMessage<K> {
  if (message?.kind !== kind)
    throw badEvidence(`expected a ${kind}, got ${message?.kind ?? "nothing"}`);
  return message as SignedMessage as SignedMessage<K>;
}
