// Who leads a job, when candidates cannot hear each other for a while: their messages go through a switchboard.

import { type Handler, type Method, NetworkError, RequestRefused } from "@foldmesh/network";
import { decodeCanonical, encodeCanonical } from "@foldmesh/protocol";
import { expect, onTestFinished, test } from "vitest";
import { type Deeds, Succession } from "../src/broker/succession.ts";
import { BROKER_DEFAULTS } from "../src/config.ts";
import type { Context } from "../src/context.ts";
import { openKeep } from "../src/keep/keep.ts";
import { candidacy } from "../src/methods.ts";
import { until } from "./world.ts";

const ABSENT_MS = 250;
const JOB = "bafyreifodvvkt4zhkoc7xdlmgki7qaidbun7ffeyjt3izywi3t4dgovkza";
const NAMES = ["broker", "first", "second"] as const;

interface Candidate {
  readonly succession: Succession;
  readonly does: string[];
}

/** Candidates of one job, each of whom leads for as long as it is not told to stand down. */
async function candidates(count: number): Promise<{
  readonly all: readonly Candidate[];
  readonly cut: Set<string>;
}> {
  const cut = new Set<string>();
  const names = NAMES.slice(0, count);
  const desks = new Map<string, Handler>();
  const all: Candidate[] = [];
  for (const [rank, name] of names.entries()) {
    const keep = await openKeep({ dataDir: undefined, maxBlobBytes: 1e6, onDamage: () => {} });
    const call = async (peer: string, _: Method, request: Uint8Array): Promise<Uint8Array> => {
      if (cut.has(name) || cut.has(peer)) throw new NetworkError("UNREACHABLE", "cut off");
      const signal = new AbortController().signal;
      const desk = desks.get(peer);
      if (desk === undefined) throw new RequestRefused("NOT_NAMED", "not there yet");
      return desk(request, { peer: name, signal });
    };
    const brokerConfig = { ...BROKER_DEFAULTS, absentMs: ABSENT_MS };
    const parts = { keep, brokerConfig, network: { peer: name, call }, emit: () => {} };
    const does: string[] = [];
    const deeds: Deeds = {
      lead: async ({ term }) => void does.push(`lead ${term}`),
      stepDown: async () => void does.push("stand down"),
      async copy(from, term, start) {
        does.push(`copy ${from} ${term} from ${start}`);
        if (cut.has(name) || cut.has(from)) throw new NetworkError("UNREACHABLE", "cut off");
        const { entries } = desks.has(from) ? lengths.get(from)!() : { entries: 0 };
        await keep.rooms.terms.put(JOB, { term, logTerm: term });
        await keep.rooms.jobEvents.remove(JOB);
        await keep.rooms.jobEvents.append(
          JOB,
          Array.from({ length: entries }, () => entry),
        );
        return entries;
      },
      hold: async () => {},
      conclude: async ({ event }) => void does.push(`conclude ${event.kind}`),
    };
    const succession = new Succession({
      context: parts as unknown as Context,
      job: JOB,
      candidates: names,
      kept: { term: 0, logTerm: 0, entries: 0 },
      isFresh: rank === 0,
      deeds,
    });
    onTestFinished(() => succession.close());
    desks.set(name, (bytes, { peer }) =>
      encodeCanonical(
        candidacy,
        succession.onLead(peer, decodeCanonical(candidacy, bytes, "candidacy")),
      ),
    );
    lengths.set(name, () => lengthOf(succession));
    all.push({ succession, does });
  }
  for (const { succession } of all) await succession.begin();
  return { all, cut };
}

const entry = new Uint8Array(8);
const lengths = new Map<string, () => { readonly entries: number }>();
/** As it would answer somebody who is no candidate of any term it knows. */
const lengthOf = (succession: Succession): { readonly entries: number } =>
  succession.onLead("nobody", { job: JOB, term: 0, logTerm: 0, entries: 0 });

const leads = ({ does }: Candidate): string | undefined =>
  does.findLast((each) => /^lead|^stand/.test(each));

test("who is cut off is succeeded, learns of it when it is back, and pays for nothing", async () => {
  const { all, cut } = await candidates(3);
  const [broker, first, second] = all as [Candidate, Candidate, Candidate];
  broker.succession.logged();
  await broker.succession.sealed(); // most have the entry
  cut.add("broker");
  broker.succession.logged(); // what nobody else has
  const paying = broker.succession.sealed();
  const refused = expect(paying).rejects.toThrow("is over");
  await until(() => leads(first) === "lead 1", "the first standby to lead");
  await first.succession.sealed(); // with the second, the broker is not needed
  cut.delete("broker");
  await refused;
  await until(() => leads(broker) === "stand down", "the broker to stand down");
  await until(() => broker.does.includes("copy first 1 from 0"), "the log of the new term");
  expect(leads(second)).toBeUndefined();
  expect(broker.succession.leader).toBe("first");
});

test("of two standbys the second leads when the first is gone, too; who comes back follows it", async () => {
  const { all, cut } = await candidates(3);
  const [broker, first, second] = all as [Candidate, Candidate, Candidate];
  cut.add("broker");
  cut.add("first");
  await until(() => leads(second) === "lead 2", "the second standby to lead");
  cut.clear();
  await until(() => broker.succession.leader === "second", "the broker to follow");
  await until(() => first.succession.leader === "second", "the first to follow");
});

test("a standby that is left alone with a job waits a while for its broker, and then need not", async () => {
  const { all, cut } = await candidates(2);
  const [, first] = all as [Candidate, Candidate];
  const begun = performance.now();
  cut.add("broker");
  await until(() => leads(first) === "lead 1", "the standby to lead");
  await first.succession.sealed();
  expect(performance.now() - begun).toBeGreaterThan(2 * ABSENT_MS);
});

test("that a job has failed is believed of nobody while one leads it oneself, and who has the proof is", async () => {
  const { all } = await candidates(2);
  const [broker] = all as [Candidate];
  const said = { job: JOB, term: 0, logTerm: 0, entries: 0 };
  const failed = { kind: "failed", reason: "LIE", message: "it is over" } as const;
  broker.succession.onLead("first", { ...said, last: { sequence: 9, at: 0, event: failed } });
  const done = { kind: "done", proof: JOB, bytes: 1, paid: 0n } as const;
  broker.succession.onLead("first", {
    ...said,
    term: 1,
    last: { sequence: 9, at: 0, event: done },
  });
  await until(() => broker.does.some((each) => each.startsWith("conclude")), "an end");
  expect(broker.does).toEqual(["conclude done"]);
});
