// Hundreds of machines, several jobs at once, and bad weather; afterwards the invariants are looked at.

import { JOB_DEFAULTS, type JobInit, planShards } from "@foldmesh/jobs";
import type { CIDText, PeerId } from "@foldmesh/protocol";
import { Agenda } from "./agenda.ts";
import { Candidate } from "./candidate.ts";
import { type Character, Prover } from "./prover.ts";
import type { Town } from "./sales.ts";
import { Truth } from "./truth.ts";
import { type Machine, Wire, cidOf } from "./wire.ts";

/** One simulation: with the same scenario everything happens again. */
export interface Scenario {
  readonly seed: number;
  readonly provers: number;
  readonly jobs: number;
  /** leaves of each job */
  readonly leaves: number;
  /** mean time between two crashes, freezes or partitions */
  readonly faultEveryMs: number;
  readonly loss: number;
  /** chance that a liar's node is bad; 0 for honest towns */
  readonly deceit: number;
}

export interface Report {
  readonly events: number;
  readonly virtualMs: number;
  readonly done: number;
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

const DEADLINE = 900_000;
/** No more faults after this: what is left must come to its end by the deadline. */
const CALM = 600_000;
/** A job's deadline is its leader's; the leader may have to be found first, and clocks differ. */
const LATENESS = 15_000;
const MAX_PRICE = 1_000_000n;

export function simulate(scenario: Scenario): Report {
  const agenda = new Agenda(scenario.seed);
  const truth = new Truth();
  const wire = new Wire(agenda, { loss: scenario.loss, doubled: scenario.loss, late: 0.02 });
  const provers = new Map<PeerId, Prover>();
  for (let i = 0; i < scenario.provers; i++) {
    const character = characterOf(agenda, i, scenario);
    const skew = agenda.between(-180_000, 180_000); // wrong by minutes
    const prover = new Prover(`prover ${i}`, skew, character, wire, truth);
    provers.set(prover.id, prover);
  }
  const town: Town = {
    agenda,
    wire,
    truth,
    provers,
    bidders: Math.min(24, scenario.provers),
    missed: scenario.deceit / 4,
    checkRoot: (init, root) => checkRoot(truth, init, root),
  };
  const jobs = Array.from({ length: scenario.jobs }, (_, i) => startJob(town, scenario, i));
  const candidates = jobs.flatMap(({ group }) => group);
  rain(town, scenario, candidates);
  const isOver = (): boolean => truth.outcomes.size === jobs.length;
  while (!isOver() && agenda.now < DEADLINE + LATENESS && truth.violations.length === 0) {
    if (!agenda.next()) break;
  }
  const overAt = agenda.now;
  // zombies, late standbys and lost farewells have their time too: nothing is paid again
  while (agenda.now < overAt + 30_000 && truth.violations.length === 0 && agenda.next());
  for (const { init } of jobs) checkJob(truth, init);
  return {
    events: agenda.events,
    virtualMs: overAt,
    done: [...truth.outcomes.values()].filter(({ done }) => done).length,
    violations: truth.violations,
    counts: truth.counts,
  };
}

function characterOf(agenda: Agenda, i: number, { deceit }: Scenario): Character {
  const isLiar = i % 4 === 3; // somebody must be honest
  const oddBid = agenda.pick(["twice", "sealed", "well"] as const);
  return {
    stepMs: agenda.between(100, 1_000),
    ask: BigInt(agenda.between(500_000, 4_000_000)),
    capacity: agenda.between(1, 3),
    deceit: isLiar ? deceit : 0,
    zombie: agenda.chance(0.3),
    bids: isLiar && deceit > 0 ? oddBid : "well",
  };
}

interface Job {
  readonly init: JobInit;
  readonly group: readonly Candidate[];
}

function startJob(town: Town, { leaves }: Scenario, i: number): Job {
  const { agenda, truth } = town;
  const job = cidOf(`job ${i}`);
  const speeds = [...town.provers.values()].slice(0, 12).map(({ id, character }) => ({
    peer: id,
    speed: Math.floor(60_000 / character.stepMs),
    slots: 1,
  }));
  const steps = agenda.between(Math.ceil(leaves / 2), leaves);
  const config = { leaseMs: 5_000, graceMs: 2_000, verifyMs: 3_000, maxAttempts: 500 };
  const init: JobInit = {
    job,
    broker: town.provers.keys().next().value as PeerId,
    shards: planShards({ steps, speeds, shardsPerSlot: 1, minSteps: 1, maxSteps: 20 }),
    compress: agenda.chance(0.5),
    constraints: { leaf: 100, merge: 50, compress: 80 },
    maxPrice: MAX_PRICE,
    deadline: DEADLINE,
    config: { ...JOB_DEFAULTS, ...config },
  };
  const requester = `requester ${i}`;
  truth.money({ kind: "deposit", peer: requester, amount: MAX_PRICE });
  truth.money({ kind: "escrow", job, from: requester, amount: MAX_PRICE });
  const group: Candidate[] = [];
  for (let rank = 0; rank < 3; rank++) {
    group.push(new Candidate(town, init, rank, group, agenda.between(-500, 500)));
  }
  agenda.in(agenda.between(0, 2_000), () => group.forEach((each) => each.begin(true)));
  return { init, group };
}

/** Crashes, freezes and partitions, each followed by recovery. */
function rain(
  { agenda, provers, truth }: Town,
  { faultEveryMs }: Scenario,
  candidates: readonly Candidate[],
): void {
  const machines: readonly (Prover | Candidate)[] = [...provers.values(), ...candidates];
  const tellLeaders = (ms: number): void =>
    agenda.in(ms, () => candidates.forEach((each) => each.lookAround()));
  const away = (machine: Prover | Candidate, crashes: boolean): void => {
    if (!machine.isUp) return;
    truth.count(crashes ? "crashed" : "frozen");
    machine.isUp = false;
    if (crashes) machine.crash();
    tellLeaders(crashes ? 10 : 2_000);
    agenda.in(agenda.between(300, 8_000), () => {
      machine.isUp = true;
      if (crashes && machine instanceof Candidate) machine.begin(false);
      tellLeaders(20);
    });
  };
  agenda.every(faultEveryMs, CALM, () => away(agenda.pick(machines), agenda.chance(0.5)));
  agenda.every(faultEveryMs * 4, CALM, () => away(agenda.pick(candidates), agenda.chance(0.7)));
  agenda.every(faultEveryMs * 10, CALM, () => {
    truth.count("partitioned");
    for (const machine of machines) machine.side = agenda.chance(0.3) ? 1 : 0;
    tellLeaders(2_000);
    agenda.in(agenda.between(500, 8_000), () => {
      for (const machine of machines as readonly Machine[]) machine.side = 0;
      tellLeaders(20);
    });
  });
}

/** The accepted root is right, and every step is in exactly one of the shards that went into it. */
function checkRoot(truth: Truth, { job, shards }: JobInit, root: CIDText): void {
  const { valid, range, parts } = truth.node(root);
  const end = shards.at(-1)!.end;
  truth.check(valid, `job ${job} ended with a wrong root`);
  truth.check(range.start === 0 && range.end === end, `job ${job} ended with a part of its root`);
  const ranges = parts
    .filter(({ task }) => task.startsWith("prove:"))
    .map(({ node }) => truth.node(node).range)
    .toSorted((a, b) => a.start - b.start);
  const isWhole = ranges.every(({ start }, i) => start === (ranges[i - 1]?.end ?? 0));
  truth.check(
    isWhole && ranges.at(-1)?.end === end,
    `job ${job}: its shards leave gaps or overlap`,
  );
}

/** It has ended in time, and its money went to each step once, or back. */
function checkJob(truth: Truth, { job, deadline, shards, maxPrice }: JobInit): void {
  const outcome = truth.outcomes.get(job);
  const isInTime = outcome !== undefined && outcome.at <= deadline + LATENESS;
  truth.check(isInTime, `job ${job} has not ended by its deadline`);
  const escrow = truth.ledger.escrows.get(job);
  truth.check(escrow?.phase === "Settled", `the escrow of job ${job} is still open`);
  const paid = escrow?.paid ?? [];
  const total = paid.reduce((sum, { amount }) => sum + amount, 0n);
  truth.check(total <= maxPrice, `job ${job} cost more than its price`);
  if (outcome?.done !== true) return;
  for (const [i, range] of shards.entries()) {
    const parts = paid
      .filter(({ task }) => task === `prove:${i}`)
      .toSorted((a, b) => a.range.start - b.range.start);
    const isOnce =
      parts.every((part, at) => part.range.start === (parts[at - 1]?.range.end ?? range.start)) &&
      parts.at(-1)?.range.end === range.end;
    truth.check(isOnce, `job ${job}: the steps of prove:${i} were not paid once each`);
  }
}
