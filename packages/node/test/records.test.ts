// What proves nothing is not passed on, and whoever brings it pays.

import { type Network, type NetworkEvent, createNetwork } from "@foldmesh/network";
import { type Receipt, equivocation, signMessage } from "@foldmesh/protocol";
import { expect, onTestFinished, test } from "vitest";
import { type Notice, createBoard } from "../src/board.ts";
import { RECORD_TOPIC, TOPICS } from "../src/topics.ts";
import { until } from "./world.ts";

async function member(seed: number): Promise<{ network: Network; events: NetworkEvent[] }> {
  const events: NetworkEvent[] = [];
  const network = await createNetwork(
    {
      privateKey: new Uint8Array(32).fill(seed),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      directory: "server",
      reach: "local",
      topics: TOPICS,
    },
    (event) => events.push(event),
  );
  onTestFinished(() => network.stop());
  return { network, events };
}

const CID = "bafkreifxkh4qudmk7bcsqn2ynjx4j2p7gqusw7wpbylp6kxzecwnqh3mce";
const receipt = (peer: string, price: bigint): Receipt => ({
  job: CID,
  task: "prove:0",
  epoch: 0,
  peer,
  range: { start: 0, end: 1 },
  price,
  at: 1,
  verdict: { kind: "rejected", reason: "invalid-node" },
});

test("false evidence and receipts that contradict themselves go no further than the first honest peer", async () => {
  const [liar, honest, behind] = await Promise.all([member(1), member(2), member(3)]);
  const heard: Notice[] = [];
  createBoard(honest.network);
  createBoard(behind.network).listen((notice) => heard.push(notice));
  const { network } = liar;
  network.gossip.subscribe(
    RECORD_TOPIC,
    () => ({ verdict: "ignore" }),
    () => {},
  );
  for (const each of [liar, behind]) await each.network.dial(honest.network.addresses()[0]!);
  await until(() => honest.network.gossip.neighbours(RECORD_TOPIC).length === 2, "the mesh");

  const { signer } = network;
  const good = await signMessage(signer, "Receipt", receipt(signer.peer, 0n));
  const paid = await signMessage(signer, "Receipt", receipt(signer.peer, 5n));
  const charge = await signMessage(signer, "Evidence", equivocation(good, good));
  const blames = (): string[] =>
    honest.events.flatMap((event) => (event.kind === "offence" ? [event.detail] : []));
  for (const { bytes } of [good, paid, charge]) await network.gossip.publish(RECORD_TOPIC, bytes);
  await until(() => blames().length === 2 && heard.length > 0, "both judgements");
  expect(blames().toSorted()).toEqual([
    expect.stringContaining("has the price 0, not 5"),
    expect.stringContaining("the evidence proves nothing"),
  ]);
  expect(heard.map(({ id }) => id)).toEqual([good.id]);
});
