// What can be seen of a record by itself, before it is believed, kept or passed on.

import { checkWrongAward } from "@foldmesh/market";
import {
  type AnyMessage,
  type Evidence,
  ProtocolError,
  checkEquivocation,
  verifySignature,
} from "@foldmesh/protocol";
import { openWrongNode, showsByItself } from "./wrong-node.ts";

/** @throws ProtocolError for evidence that proves nothing and receipts that contradict themselves: whoever passes them on is to blame */
export async function checkRecord({ kind, content }: AnyMessage): Promise<void> {
  if (kind === "Evidence") await isProven(content);
  if (kind !== "Receipt" || content.verdict.kind === "accepted" || content.price === 0n) return;
  throw new ProtocolError("OUT_OF_RANGE", `a rejected part has the price 0, not ${content.price}`);
}

/**
 * Whether the messages of an evidence prove its charge by themselves; a wrong node mostly shows only to who has its blobs.
 * @throws ProtocolError when they prove nothing
 */
export async function isProven(evidence: Evidence): Promise<boolean> {
  switch (evidence.charge) {
    case "equivocation":
      await checkEquivocation(verifySignature, evidence);
      return true;
    case "wrong-award":
      await checkWrongAward(verifySignature, evidence);
      return true;
    case "invalid-node":
      return showsByItself(await openWrongNode(verifySignature, evidence));
  }
}
