import type { Award, Evidence, SignedMessage, Verifier } from "@foldmesh/protocol";
import { badEvidence, encodePayload, equalBytes, mustBe, openAll } from "@foldmesh/protocol";
import { decideAward } from "./award.ts";
import { digestOfIds } from "./digest.ts";

type Announcement = SignedMessage<"AuctionAnnouncement">;
type SignedAward = SignedMessage<"Award">;
type SignedReveal = SignedMessage<"BidReveal">;

/** What somebody who saw an auction can say of its award. */
export type AwardVerdict =
  | { readonly kind: "right" }
  /** the reveals at hand are not those that the broker counted: nothing follows */
  | { readonly kind: "other-reveals" }
  | { readonly kind: "wrong"; readonly expected: Award };

/**
 * Recomputes an award from the reveals at hand. Reveals are first held to the award's digest: who missed one, or saw one that came too
 * late for the broker, cannot judge.
 */
export function verifyAward(
  announcement: Announcement,
  reveals: readonly SignedReveal[],
  award: SignedAward,
): AwardVerdict {
  const digest = digestOfIds(
    "reveals",
    reveals.map(({ id }) => id),
  );
  if (award.content.auction !== announcement.id || award.content.digest !== digest)
    return { kind: "other-reveals" };
  const expected = decideAward(announcement.id, announcement.content, reveals);
  return sameAward(award.sender, award.content, expected)
    ? { kind: "right" }
    : { kind: "wrong", expected };
}

function sameAward(sender: string, a: Award, b: Award): boolean {
  return equalBytes(encodePayload("Award", sender, a), encodePayload("Award", sender, b));
}

/** The content of an Evidence message against a broker whose award does not follow from its reveals. */
export function wrongAward(
  announcement: Announcement,
  reveals: readonly SignedReveal[],
  award: SignedAward,
): Evidence {
  const ordered = reveals.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const messages = [announcement, award, ...ordered].map(({ bytes }) => bytes);
  return { accused: award.sender, charge: "wrong-award", messages };
}

/**
 * Checks a charge of a wrong award offline: one announcement and one award of the accused, and exactly the reveals under its digest.
 * @throws ProtocolError BAD_EVIDENCE, or what was wrong with a message inside
 */
export async function checkWrongAward(verify: Verifier, evidence: Evidence): Promise<void> {
  const [first, second, ...rest] = await openAll(verify, evidence);
  const announcement = mustBe("AuctionAnnouncement", first);
  const award = mustBe("Award", second);
  const reveals = rest.map((each) => mustBe("BidReveal", each));
  for (const { sender } of [announcement, award]) {
    if (sender !== evidence.accused) throw badEvidence(`signed by ${sender}, not by the accused`);
  }
  const verdict = verifyAward(announcement, reveals, award);
  if (verdict.kind === "other-reveals")
    throw badEvidence("the reveals are not those under the award's digest");
  if (verdict.kind === "right") throw badEvidence("the award follows from its reveals");
}
