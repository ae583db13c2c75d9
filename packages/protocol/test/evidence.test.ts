import { describe, expect, test } from "vitest";
import {
  checkEquivocation,
  contradicts,
  equivocation,
  signMessage,
  verifySignature,
} from "../src/index.ts";
import { cidOf, digestOf, peerNamed, SAMPLES, signerNamed } from "./samples.ts";

const alice = await signerNamed("alice");
const bob = await signerNamed("bob");
const carol = await peerNamed("carol");

describe("equivocation", () => {
  const auction = cidOf("auction");
  const award = (peer: string) => ({
    auction,
    lots: [{ lot: 0, peer, price: 1n }],
    digest: digestOf("d"),
  });

  test("two awards for one auction prove it, in whatever order they were found", async () => {
    const one = await signMessage(alice, "Award", award(bob.peer));
    const two = await signMessage(alice, "Award", award(carol));
    expect(equivocation(one, two)).toEqual(equivocation(two, one));
    await expect(
      checkEquivocation(verifySignature, equivocation(one, two)),
    ).resolves.toBeUndefined();
  });

  test("the same message twice, another auction, another signer or kind do not", async () => {
    const one = await signMessage(alice, "Award", award(bob.peer));
    const others = [
      await signMessage(alice, "Award", award(bob.peer)),
      await signMessage(alice, "Award", { ...award(carol), auction: cidOf("another") }),
      await signMessage(bob, "Award", award(carol)),
      await signMessage(alice, "BidCommit", { auction, commitment: digestOf("c") }),
    ];
    for (const other of others) {
      expect(contradicts(one, other)).toBe(false);
      const evidence = {
        accused: alice.peer,
        charge: "equivocation" as const,
        messages: [one.bytes, other.bytes],
      };
      await expect(checkEquivocation(verifySignature, evidence)).rejects.toMatchObject({
        code: "BAD_EVIDENCE",
      });
    }
  });

  test("a wrong accused or a forged message is refused", async () => {
    const one = await signMessage(alice, "Award", award(bob.peer));
    const two = await signMessage(alice, "Award", award(carol));
    const evidence = equivocation(one, two);
    const framed = { ...evidence, accused: bob.peer };
    await expect(checkEquivocation(verifySignature, framed)).rejects.toMatchObject({
      code: "BAD_EVIDENCE",
    });
    const forged = {
      ...evidence,
      messages: [one.bytes, two.bytes.with(-1, (two.bytes.at(-1) ?? 0) ^ 1)],
    };
    await expect(checkEquivocation(verifySignature, forged)).rejects.toMatchObject({
      code: "BAD_SIGNATURE",
    });
  });

  test("progress and renewals may be said again with other values", async () => {
    const one = await signMessage(alice, "Progress", SAMPLES.Progress);
    const two = await signMessage(alice, "Progress", { ...SAMPLES.Progress, done: 48 });
    expect(contradicts(one, two)).toBe(false);
  });
});
