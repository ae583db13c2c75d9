// What must hold after a run, whatever went wrong in it: pure, over what was written down.
import type { JobRecord, Line, MemberRecord, RunRecord, Sample } from "./records.ts";
import { type Redone, type Stint, redoneBy, stintsOf } from "./work.ts";

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

type Rule = (record: RunRecord) => readonly string[];

/** A dApp notices the deadline by its broker's word, and then takes a moment to end. */
const LATE_MS = 15_000;
/** How long a checkpoint may take to the broker on a machine that is busy. */
const TRANSIT_MS = 2_500;
const BROKERS = ["broker", "standby"];
const MORE_HANDLES = 24;
const MORE_MIB = 160;

const RULES: Readonly<Record<string, Rule>> = {
  "jobs end well or are reported failed in time": ({ jobs, expected }) =>
    jobs.flatMap((job, i) => faultsOf(job, expected).map((fault) => `job ${i}: ${fault}`)),
  "no part is paid twice": ({ lines }) => paidTwice(paymentsOf(lines)),
  "who cheats is paid nothing": ({ lines, cheat }) =>
    paymentsOf(lines)
      .filter(({ peer, amount }) => peer === cheat?.peer && amount > 0n)
      .map(({ task, amount }) => `${amount} to the ${cheat!.kind} for ${task}`),
  "what a job's dApp is told adds up to what was paid": (record) =>
    record.jobs.flatMap((job) => sumFaults(record, job)),
  "receipts are of what was paid": (record) =>
    record.members.flatMap((member) => receiptFaults(record, member)),
  "the brokers' accounts are of what was paid": bookFaults,
  "at most a checkpoint's interval is done again for a fault": redoneFaults,
  "the network is whole again after a job": ({ absent }) => absent,
  "processes leave in order": ({ members }) =>
    members.flatMap(({ name, exitCode }) => (exitCode === 0 ? [] : [`${name}: ${exitCode}`])),
  "no process stays": ({ leftovers }) => leftovers.pids.map(String),
  "no port stays taken": ({ leftovers }) => leftovers.ports.map(String),
  "no handles and no memory leak": growthFaults,
};

export const violationsOf = (record: RunRecord): readonly Violation[] =>
  Object.entries(RULES).flatMap(([rule, judge]) =>
    judge(record).map((detail) => ({ rule, detail })),
  );

function faultsOf(
  { report, begun, ended, time, exitCode, said }: JobRecord,
  expected: RunRecord["expected"],
): readonly string[] {
  if (ended > begun + time + LATE_MS) return [`ended after ${ended - begun} ms, of ${time}`];
  if (report?.ok === true) {
    const { zn, steps } = report.statement ?? {};
    const isRight = steps === expected.steps && zn?.join() === expected.zn.join();
    return isRight ? [] : [`proved ${steps} steps to ${zn?.join()}`];
  }
  if (report?.error?.code === "FAILED") return [];
  return [`exit code ${exitCode}, not told why by its broker: ${said.slice(-300)}`];
}

interface Payment {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly peer: string;
  readonly range: { readonly start: number; readonly end: number };
  readonly amount: bigint;
}

/** A payer that was killed before it had written down that it told of a receipt tells of the same one again. */
function paymentsOf(lines: readonly Line[]): readonly Payment[] {
  const paid = lines.filter(({ event }) => event === "job-paid").map(({ fields }) => fields);
  const receipts = paid.map(({ receipt }) => receipt);
  return paid
    .filter(({ receipt }, i) => receipts.indexOf(receipt) === i)
    .map((fields) => ({
      ...(fields as unknown as Payment),
      amount: BigInt(String(fields["amount"])),
    }));
}

function paidTwice(payments: readonly Payment[]): readonly string[] {
  return payments.flatMap((one, i) =>
    payments
      .slice(i + 1)
      .filter(
        ({ job, task, range }) =>
          job === one.job &&
          task === one.task &&
          range.start < one.range.end &&
          one.range.start < range.end,
      )
      .map(
        ({ epoch, peer }) =>
          `${one.task} of ${one.job}: epoch ${one.epoch} to ${one.peer}, epoch ${epoch} to ${peer}`,
      ),
  );
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, x) => total + x, 0n);

function sumFaults({ lines }: RunRecord, { job, report }: JobRecord): readonly string[] {
  if (report?.ok !== true) return [];
  const paid = BigInt(report.paid ?? "-1");
  const payments = paymentsOf(lines).filter((payment) => payment.job === job);
  const [broker, workers] = [
    sum(payments.map(({ amount }) => amount)),
    sum((report.workers ?? []).map((worker) => BigInt(worker.paid))),
  ];
  const faults = [];
  if (broker !== paid) faults.push(`${job}: the broker paid ${broker}, its dApp knows of ${paid}`);
  if (workers !== paid) faults.push(`${job}: ${paid} in all, ${workers} to its workers`);
  return faults;
}

/** Each only once, and of what the broker says; whoever was not hit has them all. */
function receiptFaults(
  { lines, struck }: RunRecord,
  { name, peer, receipts }: MemberRecord,
): readonly string[] {
  const nameOf = ({ job, task, epoch }: { job: string; task: string; epoch: number }): string =>
    `${task}/${epoch} of ${job}`;
  const paid = new Map(
    paymentsOf(lines)
      .filter((payment) => payment.peer === peer)
      .map((payment) => [nameOf(payment), payment.amount]),
  );
  const held = receipts.filter(({ amount }) => amount > 0n);
  const faults: string[] = [];
  const names = held.map(nameOf);
  for (const [i, each] of names.entries()) {
    if (names.indexOf(each) !== i) faults.push(`${name} wrote ${each} down twice`);
    if (paid.get(each) !== held[i]!.amount)
      faults.push(`${name} has a receipt for ${each} that was not paid so`);
  }
  const wasHit = struck.some(({ hit }) => hit?.name === name || BROKERS.includes(hit?.name ?? ""));
  const missing = wasHit ? [] : [...paid.keys()].filter((each) => !names.includes(each));
  return [...faults, ...missing.map((each) => `${name} has no receipt for ${each}`)];
}

/** What a broker's disk forgot, or could not take, may be missing from its accounts. */
function bookFaults({ books, lines, members, struck, cheat }: RunRecord): readonly string[] {
  const isHit = ({ fault: { kind }, hit }: RunRecord["struck"][number]): boolean =>
    BROKERS.includes(hit?.name ?? "") && (kind === "kill-corrupt" || kind === "disk-full");
  if (struck.some(isHit)) return [];
  if (books === undefined) return ["a broker did not tell"];
  const { balances, escrowed } = books;
  const stuck = escrowed === 0n ? [] : [`${escrowed} are set aside for jobs that are over`];
  const workers = [...members, ...(cheat ? [{ name: cheat.kind, peer: cheat.peer }] : [])];
  const wrong = workers.flatMap(({ name, peer }) => {
    const has = balances.find((each) => each.peer === peer)?.amount ?? 0n;
    const got = sum(paymentsOf(lines).flatMap((each) => (each.peer === peer ? each.amount : [])));
    return has === got ? [] : [`${name} has ${has} and was paid ${got}`];
  });
  return [...stuck, ...wrong];
}

function redoneFaults({ lines, struck, checkpointMs }: RunRecord): readonly string[] {
  const stints = stintsOf(lines);
  return struck.flatMap(({ hit, fault }) =>
    (hit === undefined ? [] : redoneBy(stints, hit)).flatMap((redone) => {
      const [took, bound] = [
        spanOf(redone),
        checkpointMs + 2 * longestLeaf(redone.stint) + TRANSIT_MS,
      ];
      if (took <= bound) return [];
      return [
        `${fault.kind} of ${hit!.name}: ${redone.leaves.length} leaves of ${redone.stint.task}, ${took} ms of work, at most ${bound}`,
      ];
    }),
  );
}

/** From the first to the last of the leaves that were lost, ms. */
const spanOf = ({ leaves }: Redone): number => leaves.at(-1)!.at - leaves[0]!.at;

const longestLeaf = ({ leaves }: Stint): number =>
  Math.max(0, ...leaves.slice(1).map(({ at }, i) => at - leaves[i]!.at));

/** What a process needs for its work it has opened after some of it; from then on it must not grow. */
const WARM_AFTER = 2;

function growthFaults({ samples, lines }: RunRecord): readonly string[] {
  const isWarm = ({ name, life, at }: Sample): boolean =>
    lines.filter(
      (line) =>
        line.name === name &&
        line.life === life &&
        line.at <= at &&
        (line.event === "work-delivered" || line.event === "job-verified"),
    ).length >= WARM_AFTER;
  const lives = Map.groupBy(
    samples.filter(isWarm),
    ({ name, life }) => `${name} (process ${life})`,
  );
  return [...lives].flatMap(([who, taken]) => {
    const [first, last] = [taken[0]!, taken.at(-1)!];
    const faults = [];
    const handles = last.handles - first.handles;
    const grown = last.rssMiB - first.rssMiB;
    if (handles > MORE_HANDLES)
      faults.push(`${who}: ${first.handles} handles became ${last.handles}`);
    const most = MORE_MIB + first.rssMiB / 2;
    if (grown > most) faults.push(`${who}: ${first.rssMiB} MiB became ${last.rssMiB}`);
    return faults;
  });
}
