// Jobs of programs that are bound to powers of tau, in a network whose proofs are toys. The powers are real, few, and
// made here: for tests only.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fp, createEngine, secureRng } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePtau } from "@foldmesh/algebra/unsafe-setup";
import type { JobRequest } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { type SessionRequest, decodeProof, namePowers } from "@foldmesh/prover";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyProver } from "./toy-prover.ts";
import { type Member, type World, all, createWorld, until } from "./world.ts";

let world: World;
let broker: Member;
let without: Member;
let asked: JobRequest;
let other: string;
const keys = new Set<SessionRequest["key"]>();
let ptau: string;

/** Tells which commitment keys its sessions were opened with. */
const prover = {
  ...toyProver(),
  openSession(request: SessionRequest) {
    keys.add(request.key);
    return toyProver().openSession(request);
  },
};

beforeAll(async () => {
  world = await createWorld();
  const engine = await createEngine({ load: readModules });
  const make = async (name: string): Promise<string> => {
    const path = join(world.directory, name);
    await writeFile(path, await unsafePtau(engine, secureRng().element(Fp), 1));
    return path;
  };
  ptau = await make("a.ptau");
  other = (await namePowers(await make("b.ptau"))).name;
  const worker = { overheadMs: 100, maxConcurrent: 2 };
  const desk = { stepsPerLeaf: 1 };
  const has = { ptau: [ptau] };
  broker = await world.start("broker", { roles: ["broker"], broker: desk, ...has }, { prover });
  [without] = await Promise.all([
    world.start("without", { roles: ["prover", "aggregator"], worker }, { prover }),
    world.start("with", { roles: ["prover", "aggregator"], worker, ...has }, { prover }),
  ]);
  await until(
    () => broker.events.filter(({ kind }) => kind === "admitted").length === 2,
    "two admitted peers",
  );
  asked = {
    program: await readBundle(programDir("minroot")),
    powers: (await namePowers(ptau)).name,
    input: { z0: [1n, 2n, 0n], count: 6 },
    maxPrice: 1_000_000n,
    deadline: Date.now() + 60_000,
  };
}, 30_000);

afterAll(() => world[Symbol.asyncDispose]());

describe("a job under powers of tau", () => {
  test("is proved by those who have them, and nobody else bids", async () => {
    const client = await world.client(broker);
    const { job } = await client.submit(asked);
    const updates = await all(client.watch(job));
    const workers = new Set(
      updates.flatMap(({ event }) => (event.kind === "leased" ? [event.peer] : [])),
    );
    expect(updates.at(-1)!.event.kind).toBe("done");
    expect(workers.size).toBe(1);
    expect(workers).not.toContain(without.peer);
    expect(without.events.filter(({ kind }) => kind === "bid")).toEqual([]);
    expect([...keys]).toContainEqual({ ptau });
    expect(keys).not.toContain("transparent");
    expect(decodeProof(await client.result(job)).key).toBe("kzg");
  });

  test("is refused, in words, by a broker that has others, or none", async () => {
    const client = await world.client(broker);
    const refused = client.quote({ ...asked, powers: other });
    await expect(refused).rejects.toMatchObject({
      code: "REFUSED",
      reason: "KEY",
      message: expect.stringMatching(/does not have: ask another one, .* with --ptau/) as string,
    });
  });

  test("is refused by a broker that has too few of them", async () => {
    const describeLeaf: typeof prover.describeLeaf = (request) => ({
      ...prover.describeLeaf(request),
      bases: 4,
    });
    const config = { roles: ["broker"], ptau: [ptau] } as const;
    const parts = { prover: { ...prover, describeLeaf } };
    const client = await world.client(await world.start("short", config, parts));
    await expect(client.submit(asked)).rejects.toMatchObject({
      reason: "KEY",
      message: expect.stringMatching(/takes 4 powers of tau, this broker has 3/) as string,
    });
  });

  test("is another job than one under a transparent key", async () => {
    const client = await world.client(broker);
    const id = "cd".repeat(32);
    await client.submit({ ...asked, id });
    const { powers: _, ...plain } = asked;
    await expect(client.submit({ ...plain, id })).rejects.toMatchObject({ reason: "ID_REUSED" });
  });
});

test("a node does not start with a file that holds none", async () => {
  const path = join(world.directory, "none.ptau");
  await writeFile(path, "powers");
  const starting = world.start("none", { roles: ["broker"], ptau: [path] }, { prover });
  await expect(starting).rejects.toMatchObject({ name: "ProverError", code: "KEY" });
});
