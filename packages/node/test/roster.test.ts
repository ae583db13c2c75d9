// Who is checked when, of those that offer their work.

import { RequestRefused } from "@foldmesh/network";
import type { SignedMessage } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import { Roster } from "../src/broker/roster.ts";
import type { Standing } from "../src/broker/standing.ts";
import { BROKER_DEFAULTS } from "../src/config.ts";
import type { Context } from "../src/context.ts";
import type { NodeEvent } from "../src/events.ts";

type Advert = SignedMessage<"CapabilityAdvert">;
const advertOf = (sender: string): Advert =>
  ({
    id: `advert of ${sender}`,
    sender,
    content: { roles: ["prover"], backends: [], expires: 1e9, sequence: 1, ask: 1n },
  }) as unknown as Advert;

test("adverts are checked a few at a time, connected peers first, and who is busy is asked again", async () => {
  const events: NodeEvent[] = [];
  const context = {
    network: {
      peer: "us",
      peers: () => [{ peer: "peer 8" }, { peer: "peer 9" }],
      capabilities: {
        of: () => Promise.resolve(undefined),
        find: () => Promise.resolve(Array.from({ length: 10 }, (_, i) => advertOf(`peer ${i}`))),
        known: () => undefined,
      },
    },
    watcher: { isConvicted: () => false },
    brokerConfig: BROKER_DEFAULTS,
    now: () => 0,
    emit: (event: NodeEvent) => events.push(event),
    stopping: new AbortController().signal,
  } as unknown as Context;
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  let isBusy = true;
  const roster = new Roster(context, {} as Standing, async ({ sender }) => {
    asked.push(sender);
    await new Promise<void>((resolve) => answers.push(resolve));
    if (sender === "peer 9" && isBusy) throw new RequestRefused("BUSY", "others come first");
    return undefined;
  });
  const answerAll = async (): Promise<void> => {
    while (answers.length > 0) {
      answers.splice(0).forEach((answer) => answer());
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  const admitted = (): number => events.filter(({ kind }) => kind === "admitted").length;
  await roster.refresh();
  expect(asked.slice(0, 2).toSorted()).toEqual(["peer 8", "peer 9"]);
  expect(asked).toHaveLength(4);
  await answerAll();
  expect(asked).toHaveLength(10);
  expect(admitted()).toBe(9);
  expect(events.some(({ kind }) => kind === "not-admitted")).toBe(false);
  isBusy = false;
  await roster.refresh();
  await answerAll();
  expect(asked.slice(10)).toEqual(["peer 9"]);
  expect(admitted()).toBe(10);
});
