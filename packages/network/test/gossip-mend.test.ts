import type { Connection } from "@libp2p/interface";
import { expect, test } from "vitest";
import { createMender } from "../src/gossip-mend.ts";

const connection = (peer: string, status: Connection["status"] = "open"): Connection =>
  ({ remotePeer: { toString: () => peer }, status }) as unknown as Connection;

function mender(connections: readonly Connection[], streaming: ReadonlySet<string>) {
  const opened: string[] = [];
  const streams = {
    streamsOutbound: streaming,
    onPeerConnected: (peer: { toString: () => string }) => void opened.push(peer.toString()),
  };
  return { beat: createMender(streams, () => connections), opened };
}

test("a stream that stays away is opened again, now and then, and no other", () => {
  const here = [connection("a"), connection("b"), connection("c", "closing")];
  const { beat, opened } = mender(here, new Set(["b"]));
  for (let i = 0; i < 3; i++) beat();
  expect(opened).toEqual([]); // gossipsub may be opening it
  beat();
  expect(opened).toEqual(["a"]);
  for (let i = 0; i < 4; i++) beat();
  expect(opened).toEqual(["a", "a"]);
});

test("a peer that has its stream, or has gone, is waited for from the beginning", () => {
  const streaming = new Set<string>();
  const here = [connection("a")];
  const { beat, opened } = mender(here, streaming);
  for (let i = 0; i < 3; i++) beat();
  streaming.add("a");
  beat();
  streaming.clear();
  for (let i = 0; i < 3; i++) beat();
  const [gone] = here.splice(0);
  beat();
  here.push(gone!);
  for (let i = 0; i < 3; i++) beat();
  expect(opened).toEqual([]);
});
