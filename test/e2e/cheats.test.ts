// Members that cheat, each a process of its own: jobs are finished without them, and they are named and not paid.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MINROOT, type Place, type Running, makePlace } from "./cli.ts";
import { type Daemon, admitted, startBroker, startHostile, startMember, stop } from "./network.ts";

/** Eight steps of minroot from (1, 2, 0), computed by the program's reference. */
const ZN =
  "7189883860547216576856499341781139756585250929513459450708047922081618164771,17178316405444184785201838846195201753363260355394559768045700171709642850230,256";

/** On a machine that has much else to do. */
const LONG = 290_000;

/** Two lots of a leaf each, and an idle winner is not waited for long. */
const BROKER = {
  stepsPerLeaf: 4,
  maxLeavesPerShard: 1,
  compress: false,
  leaseMs: 8_000,
  rosterMs: 300,
  maxRestMs: 300,
};
const FALSE_NODES: readonly [cheat: string, failure: RegExp][] = [
  ["wrong-witness", /^u: relation$/],
  ["wrong-commitment", /^u: commitment$/],
  ["wrong-range", /^statement: i, statement: j, statement: pid$/],
  ["thief", /^statement: pid$/],
];

let place: Place;
let broker: Daemon;
let aggregator: Daemon;
let prover: Daemon;
const members = new Map<string, Daemon>();

beforeAll(async () => {
  place = await makePlace();
  const input = { z0: ["1", "2", "0"], count: 8 };
  await writeFile(join(place.path, "input.json"), JSON.stringify(input));
  broker = await startBroker(place, "broker", { broker: BROKER });
});
afterAll(() => place[Symbol.asyncDispose]());

async function startCheat(cheat: string, role: string): Promise<void> {
  const { leaseMs: _, maxRestMs: __, ...own } = BROKER;
  members.set(cheat, await startHostile(place, broker, cheat, { roles: [role], broker: own }));
}

const startProver = (): Promise<Daemon> => startMember(place, broker, "prover", "prover");

function startJob(out: string, daemon: Daemon): Running {
  const job = ["--program", MINROOT, "--input", "input.json", "--out", out, "--json"];
  return place.start("prove", ...job, "--dial", daemon.address, "--deadline", "280s");
}

interface Report {
  readonly statement: { readonly zn: readonly string[] };
  readonly workers: readonly { readonly peer: string; readonly paid: string }[];
}

/** Who was paid, after a job that gave the right proof. */
async function paidBy({ finished }: Running): Promise<string[]> {
  const { code, stdout, stderr } = await finished;
  expect(code, stderr).toBe(0);
  const { statement, workers } = JSON.parse(stdout) as Report;
  expect(statement.zn.join()).toBe(ZN);
  return workers.filter(({ paid }) => paid !== "0").map(({ peer }) => peer);
}

const short = (cheat: string): string => `…${members.get(cheat)!.peer.slice(-8)}`;

describe("an aggregator that keeps what it merges", () => {
  it(
    "is paid for its work: so far it has done nothing wrong",
    async () => {
      [prover] = await Promise.all([startProver(), startCheat("thief", "aggregator")]);
      await admitted(broker, 2);
      const paid = await paidBy(startJob("a.proof", broker));
      expect(paid.toSorted()).toEqual([prover.peer, members.get("thief")!.peer].toSorted());
    },
    LONG,
  );
});

describe("a job for which cheats alone bid at first", () => {
  let done: Finished;
  let paid: string[];
  beforeAll(async () => {
    await Promise.all([stop(prover), stop(members.get("thief")!)]);
    const idlers = ["sealed", "idle"];
    const cheats = [...FALSE_NODES.map(([cheat]) => cheat), ...idlers];
    [aggregator] = await Promise.all([
      startMember(place, broker, "aggregator", "aggregator"),
      ...cheats.map((cheat) => startCheat(cheat, "prover")),
    ]);
    await admitted(broker, 2 + cheats.length); // the thief was admitted before
    const job = startJob("b.proof", broker);
    await Promise.all([
      ...FALSE_NODES.map(([cheat]) => job.said(new RegExp(`^${short(cheat)} lost .*INVALID`, "m"))),
      job.said(new RegExp(`^${short("idle")} lost \\S+: (STALLED|EXPIRED)$`, "m")),
      broker.said(new RegExp(`bid-fault .*${short("sealed")}.* fault=no-reveal`)),
    ]);
    prover = await startProver();
    paid = await paidBy(job);
    done = await job.finished;
  }, LONG);

  it.each(FALSE_NODES)("refuses the node of the %s and names him", (cheat, failure) => {
    const said = new RegExp(`^${short(cheat)} delivered a bad (\\S+): (.*)$`, "m");
    const [, task, failures] = said.exec(done.stderr)!;
    expect(failures).toMatch(failure);
    expect(done.stderr).toContain(`${short(cheat)} lost ${task}: INVALID_NODE`);
  });

  it("never gives a lease to who does not open his bid", () => {
    expect(done.stderr).not.toContain(`${short("sealed")} works on`);
  });

  it("leaves cheats without reputation, and those who work with some", async () => {
    const { stdout } = await place.run("status", "--data", "broker", "--json");
    const { standings } = JSON.parse(stdout) as {
      standings: { peer: string; reputation: number }[];
    };
    const of = (peer: string) => standings.find((each) => each.peer === peer);
    for (const cheat of ["wrong-witness", "wrong-commitment", "wrong-range", "sealed", "idle"]) {
      expect(of(members.get(cheat)!.peer), cheat).toMatchObject({ reputation: 0 });
    }
    for (const { peer } of [prover, aggregator]) {
      expect(of(peer)!.reputation).toBeGreaterThan(0);
    }
  });

  it("goes to those who work, and pays nobody else", () => {
    expect(paid.toSorted()).toEqual([prover.peer, aggregator.peer].toSorted());
  });
});

describe("a broker that signs two awards for one auction", () => {
  it(
    "is found out by everybody, and the honest broker does the job",
    async () => {
      await Promise.all([...members.values()].map(stop));
      await startCheat("two-awards", "broker");
      const cheat = members.get("two-awards")!;
      const charge = new RegExp(`evidence .*${short("two-awards")}.*equivocation`);
      const betrayed = startJob("c.proof", cheat);
      for (const member of [broker, prover, aggregator]) await member.said(charge);
      betrayed.child.kill("SIGINT");
      expect((await betrayed.finished).code).toBe(130);
      const paid = await paidBy(startJob("c.proof", broker));
      expect(paid.toSorted()).toEqual([prover.peer, aggregator.peer].toSorted());
    },
    LONG,
  );
});
