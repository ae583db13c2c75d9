// The demo kills one prover in the middle of a shard, and tells what became of it.
import type { JobEvent } from "@foldmesh/client";
import { expect, test } from "vitest";
import type { DaemonProcess } from "../src/demo/daemon-process.ts";
import { createDrill } from "../src/demo/drill.ts";

function setUp() {
  const killed: string[] = [];
  const said: string[] = [];
  const victim = (name: string): DaemonProcess => ({
    name,
    peer: name,
    addresses: [],
    pid: 7,
    onLine: () => () => {},
    died: new Promise(() => {}),
    kill: () => void killed.push(name),
    wasKilled: () => killed.includes(name),
    stop: () => Promise.resolve(0),
  });
  const victims = [victim("slow"), victim("slower")];
  const drill = createDrill(
    victims,
    (peer) => peer,
    (line) => said.push(line),
  );
  let sequence = 0;
  const tell = (event: JobEvent): void =>
    drill.onEvent({ kind: "update", update: { sequence: sequence++, at: 0, event } });
  return { killed, said, drill, tell };
}

const leased = (task: string, peer: string, start: number, end: number, epoch = 0): JobEvent => ({
  kind: "leased",
  task,
  epoch,
  peer,
  range: { start, end },
  price: 1n,
});

test("kills the first victim with a checkpoint and work left, once, and says what is done again", () => {
  const { killed, said, drill, tell } = setUp();
  tell(leased("prove:0", "quick", 0, 4));
  tell(leased("prove:1", "slow", 4, 8));
  tell({ kind: "checkpoint", task: "prove:0", epoch: 0, peer: "quick", done: 1 });
  expect(killed).toEqual([]); // not one of the victims
  tell({ kind: "checkpoint", task: "prove:1", epoch: 0, peer: "slow", done: 5 });
  tell({ kind: "progress", task: "prove:1", epoch: 0, peer: "slow", done: 6 });
  expect(killed).toEqual(["slow"]);
  tell(leased("prove:2", "slower", 8, 12));
  tell({ kind: "checkpoint", task: "prove:2", epoch: 0, peer: "slower", done: 9 });
  expect(killed).toEqual(["slow"]);
  tell(leased("prove:1", "quick", 4, 8, 1));
  const shard = { start: 4, end: 8 };
  const report = { killed: "slow", shard, checkpoint: 5, done: 6, redone: 1, next: "quick" };
  expect(drill.report()).toEqual(report);
  expect(said.at(-1)).toMatch(
    /quick goes on .* checkpoint for \[4, 5\) of slow; done again: 1 leaf/,
  );
});

test("leaves a network alone whose shards are too short", () => {
  const { killed, drill, tell } = setUp();
  tell(leased("prove:0", "slow", 0, 2));
  tell({ kind: "checkpoint", task: "prove:0", epoch: 0, peer: "slow", done: 1 });
  expect(killed).toEqual([]);
  expect(drill.report()).toBeUndefined();
});
