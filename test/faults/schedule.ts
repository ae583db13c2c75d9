// What goes wrong in a run, and when: made of a seed, so that a run that failed can be had again.
import { createRandom } from "../random.ts";
import type { Random } from "../random.ts";

export const FAULTED_ROLES = ["prover", "aggregator", "broker", "standby", "dapp"] as const;
export type FaultedRole = (typeof FAULTED_ROLES)[number];

export const FAULT_KINDS = [
  /** SIGKILL; comes back on the same data when the job is over */
  "kill",
  /** SIGKILL; comes back on the same data at once */
  "kill-restart",
  /** SIGKILL, and bytes of its files are changed before it comes back */
  "kill-corrupt",
  /** SIGSTOP, later SIGCONT */
  "freeze",
  /** stopped for four fifths of every quarter of a second */
  "slow",
  /** what it sends and is sent waits until the cut is healed */
  "cut",
  /** every chunk comes 50 ms later */
  "delay",
  /** chunks are sent again after 200 ms, connections break */
  "loss",
  /** its clock goes wrong by minutes */
  "skew",
  /** its disk takes no more bytes */
  "disk-full",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What a prover can do to a job, as the programs of the hostile members name it. */
export const CHEATS = [
  "wrong-witness",
  "wrong-commitment",
  "wrong-range",
  "sealed",
  "idle",
] as const;
export type CheatKind = (typeof CHEATS)[number];

/** A moment of a job: something that its processes tell of, and a while after it. */
export interface Moment {
  readonly on: "order" | "leaf" | "merge" | "compress" | "paid";
  /** which of them: 1 is the first */
  readonly nth: number;
  readonly plusMs: number;
}

export interface Fault {
  readonly kind: FaultKind;
  readonly role: FaultedRole;
  readonly moment: Moment;
  /** until it is healed; for kills, until the process comes back */
  readonly forMs: number;
  /** chooses among several of the role, and what is corrupted */
  readonly pick: number;
  /** of the clock, for `skew` */
  readonly skewMs: number;
}

export interface JobPlan {
  readonly faults: readonly Fault[];
}

export interface ScheduleRequest {
  readonly seed: number;
  readonly jobs: number;
  readonly faultsPerJob: number;
  readonly leaves: number;
  /** how many of the faults are kills, of 1 */
  readonly killShare: number;
  readonly can: readonly Capability[];
}

export interface Capability {
  readonly role: FaultedRole;
  /** how often, against other roles */
  readonly weight: number;
  readonly kinds: readonly FaultKind[];
}

/** The hostile member of every second run. */
export function cheatOf(seed: number): CheatKind | undefined {
  return seed % 2 === 0 ? createRandom(seed).one(CHEATS) : undefined;
}

/** Up to a quarter of the faults come together with the one before. */
export function makeSchedule(request: ScheduleRequest): readonly JobPlan[] {
  const random = createRandom(request.seed);
  return Array.from({ length: request.jobs }, () => ({ faults: jobFaults(request, random) }));
}

function jobFaults(request: ScheduleRequest, random: Random): readonly Fault[] {
  const faults: Fault[] = [];
  while (faults.length < request.faultsPerJob) {
    const before = faults.at(-1);
    const fault = oneFault(request, random);
    const together = random.next() < 0.25 && before !== undefined;
    const fits = together && isAtWork(fault.role, before.moment);
    faults.push(fits ? { ...fault, moment: { ...before.moment } } : fault);
  }
  return keepSome(faults);
}

function isAtWork(role: FaultedRole, { on }: Moment): boolean {
  if (role === "prover") return on === "leaf";
  return role !== "aggregator" || on === "merge" || on === "compress";
}

function oneFault({ can, leaves, killShare }: ScheduleRequest, random: Random): Fault {
  const { role, kinds } = random.one(
    can.flatMap((each) => Array<Capability>(each.weight).fill(each)),
  );
  const kills = kinds.filter((kind) => kind.startsWith("kill"));
  const others = kinds.filter((kind) => !kind.startsWith("kill"));
  const isKill = others.length === 0 || (kills.length > 0 && random.next() < killShare);
  const kind = random.one(isKill ? kills : others);
  return {
    kind,
    role,
    moment: momentFor(role, leaves, random),
    forMs: durationOf(kind, random),
    pick: random.whole(0, 2 ** 31),
    skewMs: random.one([-1, 1]) * random.whole(60_000, 600_000),
  };
}

function momentFor(role: FaultedRole, leaves: number, random: Random): Moment {
  const plusMs = random.whole(0, 400);
  const leaf = { on: "leaf", nth: random.whole(1, leaves), plusMs } as const;
  const merge = { on: "merge", nth: 1, plusMs } as const;
  const compress = { on: "compress", nth: 1, plusMs } as const;
  const order = { on: "order", nth: 1, plusMs: plusMs * 4 } as const;
  const paid = { on: "paid", nth: random.whole(1, leaves), plusMs: random.whole(0, 20) } as const;
  switch (role) {
    case "prover":
      return leaf;
    case "aggregator":
      return random.one([merge, compress]);
    case "broker":
      return random.one([order, leaf, leaf, merge, compress, paid]);
    default:
      return random.one([order, leaf, leaf, merge, compress]);
  }
}

function durationOf(kind: FaultKind, random: Random): number {
  switch (kind) {
    case "kill-restart":
    case "kill-corrupt":
      return random.whole(0, 1_000);
    case "freeze":
    case "cut":
      return random.one([random.whole(300, 2_000), random.whole(4_000, 12_000)]);
    default:
      return random.whole(3_000, 8_000);
  }
}

/** At most one process of a role stays away until the job is over, so that somebody is left to do the work; a broker is left to its standby. */
function keepSome(faults: readonly Fault[]): readonly Fault[] {
  const gone = new Set<FaultedRole>();
  return faults.map((fault) => {
    if (fault.kind !== "kill") return fault;
    const role = fault.role === "standby" ? "broker" : fault.role;
    const isLast = role === "dapp" || gone.has(role);
    gone.add(role);
    return isLast ? { ...fault, kind: "kill-restart", forMs: fault.forMs % 1_000 } : fault;
  });
}
