// The judge is judged: an honest record passes, and each thing that must not happen is found.
import { describe, expect, it } from "vitest";
import { violationsOf } from "./invariants.ts";
import type { Line, RunRecord } from "./records.ts";
import type { Fault } from "./schedule.ts";
import { deedsOf, quantile, tableOf } from "./table.ts";

const JOB = "job-cid";
const KILL: Fault = {
  kind: "kill",
  role: "prover",
  moment: { on: "leaf", nth: 3, plusMs: 0 },
  forMs: 0,
  pick: 0,
  skewMs: 0,
};

const line = (at: number, name: string, event: string, fields: object = {}): Line => ({
  at,
  name,
  life: 0,
  event,
  fields: { job: JOB, task: "prove:0", epoch: 0, ...fields },
});

const paid = (peer: string, amount: string, start: number, end: number, epoch: number): Line =>
  line(9_000, "broker", "job-paid", {
    peer,
    amount,
    range: { start, end },
    epoch,
    receipt: [peer, amount, start, end, epoch].join(),
  });

/** prover-1 proves three leaves and is killed; prover-2 goes on after the second. */
const HONEST: RunRecord = {
  seed: 1,
  checkpointMs: 800,
  expected: { zn: ["7"], steps: 4 },
  jobs: [
    {
      job: JOB,
      begun: 0,
      ended: 10_000,
      time: 90_000,
      exitCode: 0,
      said: "",
      report: {
        ok: true,
        job: JOB,
        paid: "30",
        statement: { zn: ["7"], steps: 4 },
        workers: [
          { peer: "P1", paid: "20" },
          { peer: "P2", paid: "10" },
        ],
      },
    },
  ],
  struck: [{ fault: KILL, job: 0, hit: { name: "prover-1", at: 3_500, healedAt: 10_000 } }],
  members: [
    {
      name: "prover-1",
      role: "prover",
      peer: "P1",
      lives: 2,
      exitCode: 0,
      receipts: [],
    },
    {
      name: "prover-2",
      role: "prover",
      peer: "P2",
      lives: 1,
      exitCode: 0,
      receipts: [{ job: JOB, task: "prove:0", epoch: 1, amount: 10n }],
    },
  ],
  lines: [
    line(0, "prover-1", "work-started", { work: "prove" }),
    line(1_000, "prover-1", "work-progress", { done: 1 }),
    line(2_000, "prover-1", "work-progress", { done: 2 }),
    line(3_000, "prover-1", "work-progress", { done: 3 }),
    line(5_000, "prover-2", "work-started", { work: "prove", epoch: 1 }),
    line(6_000, "prover-2", "work-progress", { done: 3, epoch: 1 }),
    line(7_000, "prover-2", "work-progress", { done: 4, epoch: 1 }),
    line(8_000, "prover-2", "work-delivered", { epoch: 1 }),
    line(0, "broker", "job-verified"),
    line(0, "broker", "job-verified"),
    paid("P1", "20", 0, 2, 0),
    paid("P2", "10", 2, 4, 1),
  ],
  books: {
    balances: [
      { peer: "P1", amount: 20n },
      { peer: "P2", amount: 10n },
      { peer: "D", amount: 70n },
    ],
    escrowed: 0n,
  },
  cheat: { kind: "idle", peer: "P3" },
  samples: [
    { name: "broker", life: 0, at: 0, handles: 40, rssMiB: 150 },
    { name: "broker", life: 0, at: 1, handles: 44, rssMiB: 180 },
  ],
  leftovers: { pids: [], ports: [] },
  absent: [],
};

const brokenBy = (change: Partial<RunRecord>): readonly string[] =>
  violationsOf({ ...HONEST, ...change }).map(({ rule }) => rule);

const [JOB_RECORD] = HONEST.jobs;
const [, OTHER] = HONEST.members;

describe("the invariants", () => {
  it("hold for a job whose prover was replaced", () => {
    expect(violationsOf(HONEST)).toEqual([]);
  });

  it("hold where a payer that was killed tells of a receipt once more", () => {
    const again = HONEST.lines.findLast(({ event }) => event === "job-paid")!;
    expect(violationsOf({ ...HONEST, lines: [...HONEST.lines, again] })).toEqual([]);
    const other = { ...again, fields: { ...again.fields, receipt: "another" } };
    expect(brokenBy({ lines: [...HONEST.lines, other] })).toContain("no part is paid twice");
  });

  it.each<[string, Partial<RunRecord>]>([
    ["the brokers' accounts are of what was paid", { books: { ...HONEST.books!, escrowed: 5n } }],
    [
      "the brokers' accounts are of what was paid",
      { books: { ...HONEST.books!, balances: HONEST.books!.balances.slice(1) } },
    ],
    ["the brokers' accounts are of what was paid", { books: undefined }],
    ["no part is paid twice", { lines: [...HONEST.lines, paid("P2", "0", 1, 3, 2)] }],
    [
      "what a job's dApp is told adds up to what was paid",
      { lines: [...HONEST.lines, paid("P2", "1", 4, 5, 2)] },
    ],
    [
      "receipts are of what was paid",
      { members: [{ ...OTHER!, receipts: [...OTHER!.receipts, ...OTHER!.receipts] }] },
    ],
    ["receipts are of what was paid", { members: [{ ...OTHER!, receipts: [] }] }],
    [
      "jobs end well or are reported failed in time",
      {
        jobs: [
          {
            ...JOB_RECORD!,
            report: { ...JOB_RECORD!.report!, statement: { zn: ["8"], steps: 4 } },
          },
        ],
      },
    ],
    [
      "jobs end well or are reported failed in time",
      { jobs: [{ ...JOB_RECORD!, ended: 200_000 }] },
    ],
    [
      "jobs end well or are reported failed in time",
      { jobs: [{ ...JOB_RECORD!, exitCode: 1, report: undefined }] },
    ],
    ["who cheats is paid nothing", { cheat: { kind: "wrong-witness", peer: "P2" } }],
    ["no process stays", { leftovers: { pids: [1], ports: [] } }],
    ["no port stays taken", { leftovers: { pids: [], ports: [1] } }],
    ["the network is whole again after a job", { absent: ["prover-1 after job 0"] }],
    ["processes leave in order", { members: [{ ...OTHER!, exitCode: null }] }],
    [
      "no handles and no memory leak",
      { samples: [...HONEST.samples, { ...HONEST.samples[0]!, handles: 90 }] },
    ],
    [
      "no handles and no memory leak",
      { samples: [...HONEST.samples, { ...HONEST.samples[0]!, rssMiB: 600 }] },
    ],
  ])("%s", (rule, change) => {
    expect(brokenBy(change)).toContain(rule);
  });

  it("at most a checkpoint's interval is done again: the whole of a long shard is too much", () => {
    const long = Array.from({ length: 20 }, (_, i) => i + 1);
    const lines = [
      line(0, "prover-1", "work-started", { work: "prove" }),
      ...long.map((done) => line(done * 1_000, "prover-1", "work-progress", { done })),
      line(30_000, "prover-2", "work-started", { work: "prove", epoch: 1 }),
      ...long.map((done) => line(30_000 + done, "prover-2", "work-progress", { done, epoch: 1 })),
      ...HONEST.lines.slice(-2),
    ];
    const hit = { name: "prover-1", at: 20_500, healedAt: 40_000 };
    expect(brokenBy({ lines, struck: [{ fault: KILL, job: 0, hit }] })).toEqual([
      "at most a checkpoint's interval is done again for a fault",
    ]);
  });
});

describe("the table", () => {
  it("counts redone leaves and the time to the next progress", () => {
    expect(deedsOf(HONEST)).toEqual([
      {
        kind: "kill",
        role: "prover",
        inWork: true,
        survived: true,
        redoneLeaves: 1,
        recoveryMs: 2_500,
      },
    ]);
    expect(tableOf(deedsOf(HONEST))).toMatch(
      /^\| kill +\| prover +\| +1 \| +1 \| +1 \| +1 \| +2\.5 s \| +2\.5 s \|$/m,
    );
  });

  it("takes the nearest rank", () => {
    expect(quantile([], 0.5)).toBeUndefined();
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  });
});
