// A whole job between separate nodes on loopback: the thinnest path from a dApp to its verified proof.

import { type Bundle, type Client, type JobUpdate } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { minroot, programDir } from "@foldmesh/programs";
import { verifyProof } from "@foldmesh/prover";
import { loadProgram } from "@foldmesh/r1cs/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Member, type World, all, createWorld, kinds, until } from "./world.ts";

let world: World;
let bundle: Bundle;
let broker: Member;
let provers: Member[];
let aggregator: Member;
let client: Client;

const z0 = [1n, 2n, 0n] as const;
const request = () => ({
  program: bundle,
  input: { z0, count: 8 },
  maxPrice: 1_000_000n,
  deadline: Date.now() + 120_000,
});

/** A loaded machine takes its time; an auction ends as soon as all have bid. */
const PATIENT = {
  stepsPerLeaf: 2,
  auction: { commitMs: 10_000, revealMs: 10_000 },
  job: { leaseMs: 60_000 },
};

beforeAll(async () => {
  world = await createWorld();
  bundle = await readBundle(programDir("minroot"));
  broker = await world.start("broker", { roles: ["broker"], broker: PATIENT });
  provers = await Promise.all([
    world.start("prover-1", { roles: ["prover"] }),
    world.start("prover-2", { roles: ["prover"] }),
  ]);
  aggregator = await world.start("aggregator", { roles: ["aggregator"] });
  await until(
    () => broker.events.filter(({ kind }) => kind === "admitted").length === 3,
    "three admitted peers",
  );
  client = await world.client(broker);
}, 60_000);

afterAll(() => world[Symbol.asyncDispose]());

describe("a job of four leaves on two provers and one aggregator", () => {
  let updates: JobUpdate[];

  test("is quoted, ordered, auctioned, proved, merged, verified and paid", async () => {
    const quoted = await client.quote(request());
    expect(quoted).toMatchObject({ stepsPerLeaf: 2, leaves: 4, provers: 2 });
    expect(quoted.least).toBeGreaterThan(0n);

    const { job } = await client.submit(request());
    updates = await all(client.watch(job));
    expect(kinds(updates).at(-1)).toBe("done");

    const proof = await client.result(job);
    const zn = minroot(z0, 8);
    const program = await loadProgram(programDir("minroot"));
    const expected = { z0, zn, steps: 8 };
    const verdict = await verifyProof({ program, proof, expected, cacheDir: world.cacheDir });
    expect(verdict).toMatchObject({ ok: true, stepsPerLeaf: 2 });
  }, 150_000);

  test("both provers proved a shard, the aggregator merged, each got a receipt", () => {
    const paid = updates.flatMap(({ event }) => (event.kind === "paid" ? [event] : []));
    const byTask = new Map(paid.map(({ task, peer }) => [task, peer]));
    expect(new Set([byTask.get("prove:0"), byTask.get("prove:1")])).toEqual(
      new Set(provers.map(({ peer }) => peer)),
    );
    expect(byTask.get("merge:1.0")).toBe(aggregator.peer);
    const total = paid.reduce((sum, { amount }) => sum + amount, 0n);
    expect(total).toBeGreaterThan(0n);
    expect(updates.at(-1)!.event).toMatchObject({ kind: "done", paid: total });
    for (const member of [...provers, aggregator]) {
      expect(
        member.events.some(({ kind }) => kind === "receipt"),
        member.name,
      ).toBe(true);
    }
  });
});
