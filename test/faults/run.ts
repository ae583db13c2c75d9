// One run: a network, some jobs one after the other, and faults in the middle of them.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DApp } from "./dapp.ts";
import { startCheat } from "./cheat.ts";
import { MAIN, type Member } from "./member.ts";
import { isFree, isRunning } from "./proc.ts";
import { createRandom } from "../random.ts";
import type { Hit, JobRecord, Line, MemberRecord, RunRecord, Sample, Struck } from "./records.ts";
import type { CheatKind, Fault, JobPlan, Moment } from "./schedule.ts";
import { strike } from "./strike.ts";
import { type World, startWorld } from "./world.ts";

export interface RunRequest {
  readonly seed: number;
  readonly plans: readonly JobPlan[];
  /** a hostile member beside the honest ones */
  readonly cheat?: CheatKind | undefined;
  /** for the data and the logs of this run; made here */
  readonly directory: string;
  readonly say: (sentence: string) => void;
}

/** Every job of the campaign: one leaf a step. */
export const LEAVES = 12;
const CHECKPOINT_MS = 800;
const JOB_MS = 180_000;
const HEAL_MS = 45_000;
const MINROOT = join(MAIN, "..", "..", "..", "..", "packages", "programs", "build", "minroot");
const INPUT = { z0: ["1", "2", "0"], count: LEAVES };

/** What the program's reference makes of it. */
const ZN = [
  "21759415968334396772092313576055213119910366577739873250641167014101893160066",
  "5150782151155443036883275725716991551401885884219099012755996102050814086590",
  "384",
];

export async function runCampaign(request: RunRequest): Promise<RunRecord> {
  const { seed, plans, directory, say, cheat: kind } = request;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "input.json"), JSON.stringify(INPUT));
  const random = createRandom(seed ^ 0x5eed).next;
  await using world = await startWorld({ directory, checkpointMs: CHECKPOINT_MS, random });
  const [address] = world.brokerAddresses;
  await using cheat = kind === undefined ? undefined : await startCheat(kind, directory, address!);
  const jobs: JobRecord[] = [];
  const struck: Struck[] = [];
  const samples: Sample[] = [];
  const absent: string[] = [];
  const pids: number[] = [];
  for (const [i, { faults }] of plans.entries()) {
    const round = await runJob(world, i, faults, say);
    jobs.push(round.job);
    struck.push(...round.struck);
    pids.push(...round.pids);
    absent.push(...(await world.whole(HEAL_MS)).map((name) => `${name} after job ${i}`));
    samples.push(...(await world.sample()));
  }
  await cheat?.[Symbol.asyncDispose]();
  const books = await world.books();
  const members = await stopAll(world);
  pids.push(...world.members.flatMap((member) => member.pids), ...(cheat ? [cheat.pid] : []));
  return {
    seed,
    checkpointMs: CHECKPOINT_MS,
    expected: { zn: ZN, steps: LEAVES },
    jobs,
    struck,
    members,
    cheat: cheat && { kind: cheat.kind, peer: cheat.peer },
    books,
    lines: world.lines,
    samples,
    leftovers: await leftoversOf(world, pids),
    absent,
  };
}

interface Round {
  readonly job: JobRecord;
  readonly struck: readonly Struck[];
  readonly pids: readonly number[];
}

async function runJob(
  world: World,
  number: number,
  faults: readonly Fault[],
  say: (sentence: string) => void,
): Promise<Round> {
  const begun = Date.now();
  const dapp = new DApp({
    directory: world.directory,
    name: `job-${number}`,
    program: MINROOT,
    input: "input.json",
    brokers: world.brokerAddresses,
    time: JOB_MS,
    onLine: world.tell,
  });
  const over = Promise.withResolvers<void>();
  const common = { world, dapp, stricken: new Set<Member>(), over: over.promise, say };
  const striking = faults.map((fault) => strikeInTime({ ...common, fault }));
  const struckAll = Promise.all(striking);
  struckAll.catch(() => {}); // a process that does not come back is told when the job is over
  const end = await dapp.end();
  const ended = Date.now();
  over.resolve();
  const hits = await struckAll;
  const { code, report, said } = end;
  say(
    `job ${number}: ${report?.ok === true ? "proved" : `exit code ${code}`} in ${ended - begun} ms`,
  );
  const struck = faults.map((fault, i) => ({ fault, job: number, hit: hits[i] }));
  const times = { begun, ended, time: JOB_MS };
  const job = { job: report?.job, ...times, report, exitCode: code, said };
  return { job, struck, pids: dapp.pids };
}

interface StrikeRequest {
  readonly world: World;
  readonly dapp: DApp;
  readonly fault: Fault;
  /** whom a fault is being done to at the moment */
  readonly stricken: Set<Member>;
  /** the job's end */
  readonly over: Promise<void>;
  readonly say: (sentence: string) => void;
}

/** Waits for the fault's moment; without a hit when the job is over before. */
async function strikeInTime(request: StrikeRequest): Promise<Hit | undefined> {
  const { world, dapp, fault, over, say, stricken } = request;
  const { kind, role, moment } = fault;
  const line = await momentOf(world, fault, over);
  const isLate = await Promise.race([sleep(moment.plusMs, false), over.then(() => true)]);
  if (isLate || (line === undefined && moment.on !== "order")) return undefined;
  const at = Date.now();
  if (role === "dapp") {
    say(`  ${kind} dapp`);
    await strikeDApp(dapp, fault, over);
    return { name: "dapp", at, healedAt: Date.now() };
  }
  const member = chooseMember(request, line);
  if (member === undefined) return undefined;
  say(`  ${kind} ${member.name} at ${moment.on} ${moment.nth}`);
  stricken.add(member);
  try {
    await strike(member, fault, world.wire, over);
  } finally {
    stricken.delete(member);
  }
  return { name: member.name, at, healedAt: Date.now() };
}

/** Two faults at once hit two processes. */
function chooseMember(
  { world: { members }, fault, stricken }: StrikeRequest,
  line: Line | undefined,
): Member | undefined {
  const able = members.filter(
    (each) => each.role === fault.role && each.isUp && !stricken.has(each),
  );
  const teller = able.find(({ name }) => name === line?.name);
  return teller ?? able[fault.pick % Math.max(1, able.length)];
}

async function strikeDApp(dapp: DApp, { kind, forMs }: Fault, over: Promise<void>): Promise<void> {
  if (kind.startsWith("kill")) return dapp.killFor(forMs);
  dapp.signal("SIGSTOP");
  await sleep(forMs);
  dapp.signal("SIGCONT");
  void over;
}

/** The line that tells of a fault's moment; undefined for the order, and when the job is over before. */
function momentOf(world: World, { moment }: Fault, over: Promise<void>): Promise<Line | undefined> {
  const { on, nth } = moment;
  if (on === "order") return Promise.resolve(undefined);
  let left = nth;
  return new Promise((resolve) => {
    const end = world.onLine((line) => {
      if (!tells(line, on) || --left > 0) return;
      end();
      resolve(line);
    });
    void over.then(() => {
      end();
      resolve(undefined);
    });
  });
}

function tells({ event, fields }: Line, what: Exclude<Moment["on"], "order">): boolean {
  if (what === "leaf") return event === "work-progress";
  if (what === "paid") return event === "job-paid";
  return event === "work-started" && fields["work"] === what;
}

/** Members first, which give their leases back to the brokers. */
async function stopAll({ members, brokers }: World): Promise<readonly MemberRecord[]> {
  const others = members.filter((member) => !brokers.includes(member));
  const codes = new Map<Member, number | null>();
  for (const some of [others, brokers])
    await Promise.all(some.map(async (member) => codes.set(member, await member.stop())));
  const records = members.map(async (member) => {
    const { name, role, peer, pids } = member;
    const receipts = await member.receipts();
    return { name, role, peer, lives: pids.length, exitCode: codes.get(member) ?? null, receipts };
  });
  return Promise.all(records);
}

async function leftoversOf(
  { members }: World,
  pids: readonly number[],
): Promise<RunRecord["leftovers"]> {
  const free = await Promise.all(members.map(({ port }) => isFree(port)));
  const ports = members.filter((_, i) => !free[i]).map(({ port }) => port);
  return { pids: pids.filter(isRunning), ports };
}
