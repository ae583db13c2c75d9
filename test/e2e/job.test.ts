// Jobs on a network of processes: what a dApp, a prover and a broker see on the command line.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MINROOT, type Place, makePlace, makeUnsafePtau } from "./cli.ts";
import { type Daemon, admitted, startBroker, startMember, stop } from "./network.ts";

/** Eight steps of minroot from (1, 2, 0), computed by the program's reference. */
const ZN =
  "7189883860547216576856499341781139756585250929513459450708047922081618164771,17178316405444184785201838846195201753363260355394559768045700171709642850230,256";

let place: Place;
let broker: Daemon;
let provers: Daemon[];
let aggregator: Daemon;

beforeAll(async () => {
  place = await makePlace();
  await writeInput("input.json", "1");
  await writeInput("other.json", "5");
  const ptau = join(place.path, "unsafe.ptau");
  await makeUnsafePtau(ptau, 15);
  broker = await startBroker(place, "broker", { ptau: [ptau] });
  [aggregator, ...provers] = await Promise.all([
    startMember(place, broker, "aggregator", "aggregator", "--ptau", ptau),
    startMember(place, broker, "prover", "prover-1", "--ptau", ptau),
    startMember(place, broker, "prover", "prover-2"),
  ]);
  await admitted(broker, 3);
});
afterAll(() => place[Symbol.asyncDispose]());

const writeInput = (name: string, x: string): Promise<void> =>
  writeFile(join(place.path, name), JSON.stringify({ z0: [x, "2", "0"], count: 8 }));

const proveArguments = (out: string, ...more: readonly string[]): string[] => {
  const job = ["--program", MINROOT, "--input", "input.json", "--out", out];
  return ["prove", ...job, "--dial", broker.address, "--deadline", "100s", ...more];
};

interface Report {
  readonly ok: boolean;
  readonly job: string;
  readonly paid: string;
  readonly workers: readonly { readonly peer: string; readonly paid: string }[];
  readonly error?: { readonly code: string };
}

const reportOf = ({ stdout }: Finished): Report => JSON.parse(stdout) as Report;

async function statusOf(
  name: string,
): Promise<{ earned: string; jobs: { job: string; phase: string }[] }> {
  const { stdout } = await place.run("status", "--data", name, "--json");
  return JSON.parse(stdout) as { earned: string; jobs: { job: string; phase: string }[] };
}

describe("a job", () => {
  let done: Finished;
  beforeAll(async () => {
    done = await place.run(...proveArguments("a.proof", "--json"));
    expect(done.code, done.stderr).toBe(0);
  });

  it("is auctioned, proved by others, merged, paid and verified by the dApp", () => {
    for (const sentence of [
      /^quote: 4 leaves, .* from 2 peers/m,
      /^plan: 2 shards of 2, 2 leaves/m,
      /^auction: \d lots? to prove, up to \d+ µ each, 2 bidders admitted/m,
      /^sold: .*prove:0 to/m,
      /^sold: .*prove:1 to/m,
      /^…\w+ works on shard \[0, 2\) for/m,
      /^…\w+ delivered merge \[0, 4\): verified/m,
      /^…\w+ delivered compression: verified/m,
      /^paid /m,
      /^valid, verified in/m,
    ]) {
      expect(done.stderr).toMatch(sentence);
    }
    const { ok, workers } = reportOf(done);
    expect(ok).toBe(true);
    const everybody = [aggregator, ...provers].map(({ peer }) => peer);
    expect(everybody).toEqual(expect.arrayContaining(workers.map(({ peer }) => peer)));
    expect(workers.map(({ peer }) => peer)).toContain(aggregator.peer);
  });

  it("gives a proof that everybody can verify", async () => {
    const statement = ["--z0", "1,2,0", "--zn", ZN, "--steps", "8"];
    const { code, stdout } = await place.run(
      "verify",
      "-p",
      MINROOT,
      "-f",
      "a.proof",
      ...statement,
    );
    expect(stdout).toMatch(/^valid /);
    expect(code).toBe(0);
    expect((await readFile(join(place.path, "a.proof"))).length).toBeLessThan(20_000);
  });

  it("is paid to those who worked, who know it", async () => {
    const { paid, workers } = reportOf(done);
    const sum = workers.reduce((total, worker) => total + BigInt(worker.paid), 0n);
    expect(String(sum)).toBe(paid);
    for (const member of [aggregator, ...provers]) {
      const paidHere = workers.find(({ peer }) => peer === member.peer)?.paid ?? "0";
      expect((await statusOf(member.name)).earned, member.name).toBe(paidHere);
    }
  });

  it("stands in the broker's status, and its members are found from anywhere", async () => {
    const { jobs } = await statusOf("broker");
    expect(jobs).toContainEqual(
      expect.objectContaining({ job: reportOf(done).job, phase: "done" }),
    );
    const listing = await place.run("peers", "--dial", provers[0]!.address);
    expect(listing.stdout).toMatch(/^4 members$/m);
    expect(listing.stdout).toContain(aggregator.peer);
  });
});

describe("a job under powers of tau", () => {
  const powers = ["--ptau", "unsafe.ptau"];

  it("is proved by those who have them, to a smaller proof", async () => {
    const done = await place.run(...proveArguments("kzg.proof", "--json", ...powers));
    expect(done.code, done.stderr).toBe(0);
    const workers = reportOf(done).workers.map(({ peer }) => peer);
    expect(workers.toSorted()).toEqual([aggregator.peer, provers[0]!.peer].toSorted());
    expect((await readFile(join(place.path, "kzg.proof"))).length).toBeLessThan(9_000);
    const verify = ["verify", "-p", MINROOT, "-f", "kzg.proof", "--zn", ZN];
    const verified = await place.run(...verify, ...powers);
    expect(verified.stdout).toMatch(/nobody knows the tau of the powers [0-9a-f]{64}$/m);
    expect(verified.code).toBe(0);
    const without = await place.run(...verify);
    expect(without.stdout).toMatch(/✗ key: .* bound to powers of tau/);
    expect(without.code).toBe(1);
  });

  it("is refused in words where they are not known", async () => {
    await makeUnsafePtau(join(place.path, "other.ptau"), 1);
    const refused = await place.run(...proveArguments("x.proof", "--ptau", "other.ptau"));
    expect(refused.stderr).toMatch(/error: .*powers of tau .* does not have.*--ptau/);
    expect(refused.code).toBe(4);
  });
});

describe("a dApp", () => {
  it("that is killed asks again with the same request and gets the same job", async () => {
    const request = ["--request", "payroll-7"];
    const killed = place.start(...proveArguments("b.proof", ...request));
    await killed.said(/works on/);
    const [, job] = /^order: (\w+)$/m.exec(killed.output())!;
    killed.child.kill("SIGKILL");
    await killed.finished;
    const again = await place.run(...proveArguments("b.proof", ...request, "--json"));
    expect(again.code, again.stderr).toBe(0);
    expect(reportOf(again)).toMatchObject({ ok: true, job });
  });

  it("that leaves with --detach fetches the proof later", async () => {
    const request = ["--request", "later", "--json"];
    const left = await place.run(...proveArguments("c.proof", ...request, "--detach"));
    expect(left.code, left.stderr).toBe(0);
    const later = await place.run(...proveArguments("c.proof", ...request));
    expect(later.code, later.stderr).toBe(0);
    expect(reportOf(later).job).toBe(reportOf(left).job);
  });

  it("that uses a request's name for another job is refused", async () => {
    const request = ["--request", "later", "--json", "--input", "other.json"];
    const refused = await place.run(...proveArguments("d.proof", ...request));
    expect(refused.stderr).toMatch(/error: .*this id was used for another computation/);
    expect(refused.code).toBe(4);
  });

  it("that is interrupted calls its job off", async () => {
    const interrupted = place.start(...proveArguments("e.proof"));
    await interrupted.said(/^order: /m);
    interrupted.child.kill("SIGINT");
    const { code, stdout, stderr } = await interrupted.finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    const [, job] = /^order: (\w+)$/m.exec(stderr)!;
    const { jobs } = await statusOf("broker");
    expect(jobs).toContainEqual(expect.objectContaining({ job, phase: "failed" }));
  });

  it("that caps the price too low is told what it costs", async () => {
    const { code, stderr } = await place.run(...proveArguments("f.proof", "--max-price", "1"));
    expect(stderr).toMatch(/error: the job costs at least \d+ .*the price cap is 1/);
    expect(code).toBe(4);
  });
});

describe("the network", () => {
  it("runs two jobs at once", async () => {
    const [one, two] = await Promise.all([
      place.run(...proveArguments("one.proof", "--json")),
      place.run(...proveArguments("two.proof", "--json", "--input", "other.json")),
    ]);
    expect(one.code, one.stderr).toBe(0);
    expect(two.code, two.stderr).toBe(0);
    expect(reportOf(one).job).not.toBe(reportOf(two).job);
  });

  it("finishes a job whose prover is killed in the middle", async () => {
    const job = place.start(...proveArguments("g.proof", "--json"));
    await job.said(/works on shard/);
    const [, short] = /^…(\w+) works on shard/m.exec(job.output())!;
    const victim = provers.find(({ peer }) => peer.endsWith(short!))!;
    victim.child.kill("SIGKILL");
    provers = provers.filter((each) => each !== victim);
    const { code, stderr } = await job.finished;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(`^…${short} lost prove:`, "m"));
  });

  it("is left in order by SIGTERM", async () => {
    for (const daemon of [...provers, aggregator, broker]) {
      expect(await stop(daemon), daemon.name).toBe(0);
      expect(daemon.output()).toMatch(/info +stopped/);
    }
  });
});
