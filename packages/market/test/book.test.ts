import type { CapabilityAdvert, ProofRequest, SignedMessage } from "@foldmesh/protocol";
import { describe, expect, test } from "vitest";
import {
  admittedBidders,
  type BookEvent,
  type BookState,
  EMPTY_BOOK,
  quote,
  rankedRequests,
  stepBook,
} from "../src/index.ts";
import { cidOf, peerOf, saltOf, unsigned } from "./helpers.ts";

const NOW = 1000;

function advert(
  name: string,
  change: Partial<CapabilityAdvert> = {},
): SignedMessage<"CapabilityAdvert"> {
  return unsigned(peerOf(name), "CapabilityAdvert", {
    sequence: 1,
    expires: 5000,
    roles: ["prover"],
    backends: [
      {
        kind: "cpu",
        device: "x",
        memoryBytes: 1,
        benchmark: { msmPointsPerSecond: 1, mergesPerMinute: 1 },
      },
    ],
    maxConcurrent: 1,
    ask: 10n,
    privacy: ["public"],
    versions: { protocol: [1], software: "test" },
    addresses: [],
    ...change,
  });
}

function request(name: string, change: Partial<ProofRequest> = {}): SignedMessage<"ProofRequest"> {
  return unsigned(peerOf(name), "ProofRequest", {
    nonce: saltOf(name),
    program: cidOf("program"),
    context: saltOf("context"),
    z0: [],
    steps: 10,
    input: { kind: "inputs", blob: cidOf("inputs") },
    maxPrice: 100n,
    deadline: 9000,
    minReputation: 0,
    privacy: "public",
    ...change,
  });
}

const put = (message: SignedMessage<"CapabilityAdvert">): BookEvent => ({
  kind: "advert",
  message,
});
const ask = (message: SignedMessage<"ProofRequest">): BookEvent => ({ kind: "request", message });
const checked = (name: string, held = true): BookEvent => ({
  kind: "checked",
  peer: peerOf(name),
  held,
});

const run = (events: readonly BookEvent[], now = NOW, start = EMPTY_BOOK): BookState =>
  events.reduce((state, event) => stepBook(state, event, now).state, start);

const effects = (state: BookState, event: BookEvent, now = NOW): readonly string[] =>
  stepBook(state, event, now).effects.map((effect) =>
    effect.kind === "refuse" ? effect.reason : effect.kind,
  );

describe("asks", () => {
  test("are challenged when new or when they claim other hardware, not when refreshed", () => {
    const state = run([put(advert("a")), checked("a")]);
    expect(effects(EMPTY_BOOK, put(advert("a")))).toEqual(["challenge"]);
    expect(effects(state, put(advert("a", { sequence: 2, ask: 5n })))).toEqual([]);
    expect(effects(state, put(advert("a", { sequence: 2, backends: [] })))).toEqual(["challenge"]);
  });

  test("of a lower sequence, expired, withdrawn or exposed do not come back by replay", () => {
    const state = run([put(advert("a", { sequence: 5 }))]);
    expect(effects(state, put(advert("a", { sequence: 4 })))).toEqual(["STALE"]);
    expect(effects(state, put(advert("a", { sequence: 6, expires: NOW })))).toEqual(["EXPIRED"]);
    const withdrawn = run([put(advert("a", { sequence: 6, roles: [] }))], NOW, state);
    expect(withdrawn.asks.size).toBe(0);
    expect(effects(withdrawn, put(advert("a", { sequence: 5 })))).toEqual(["STALE"]);
    const exposed = run([checked("a", false)], NOW, state);
    expect(effects(exposed, put(advert("a", { sequence: 5 })))).toEqual(["STALE"]);
    expect(effects(exposed, put(advert("a", { sequence: 6 })))).toEqual(["challenge"]);
  });

  test("of one sequence but two contents are evidence", () => {
    const state = run([put(advert("a"))]);
    expect(effects(state, put(advert("a")))).toEqual([]);
    expect(effects(state, put(advert("a", { ask: 11n })))).toEqual(["evidence", "EQUIVOCATION"]);
  });

  test("expire", () => {
    const state = run([put(advert("a")), checked("a")]);
    expect(run([{ kind: "tick" }], 4999, state).asks.size).toBe(1);
    expect(run([{ kind: "tick" }], 5000, state).asks.size).toBe(0);
    expect(quote(state, 1_000_000, 5000).providers).toBe(0);
  });

  test("admit to an auction only who is live, checked, of the role and privacy, and known well enough", () => {
    const names = ["good", "unchecked", "broker", "private", "unknown"];
    const state = run([
      put(advert("good")),
      put(advert("unchecked")),
      put(advert("broker", { roles: ["broker"] })),
      put(advert("private", { privacy: ["private"] })),
      put(advert("unknown")),
      ...names.filter((name) => name !== "unchecked").map((name) => checked(name)),
    ]);
    const reputation = (peer: string): number => (peer === peerOf("unknown") ? 99 : 100);
    const admitted = admittedBidders(
      state,
      "prover",
      { minReputation: 100, privacy: "public" },
      reputation,
      NOW,
    );
    expect(admitted).toEqual([{ peer: peerOf("good"), reputation: 100 }]);
  });
});

describe("requests", () => {
  test("are ranked by what they pay a step, then by urgency", () => {
    const [rich, urgent, slow] = [
      request("rich", { maxPrice: 201n, steps: 20 }),
      request("urgent", { deadline: 8000 }),
      request("slow"),
    ];
    const state = run([slow, urgent, rich].map(ask));
    expect(rankedRequests(state).map(({ id }) => id)).toEqual([rich.id, urgent.id, slow.id]);
  });

  test("leave the book when taken or late", () => {
    const one = request("one");
    const state = run([ask(one)]);
    expect(run([{ kind: "taken", job: one.id }], NOW, state).requests.size).toBe(0);
    expect(run([{ kind: "tick" }], 9000, state).requests.size).toBe(0);
    expect(effects(EMPTY_BOOK, ask(one), 9000)).toEqual(["EXPIRED"]);
  });
});

test("a quote is the cheapest and the median ask, per million constraints and rounded up", () => {
  const state = run([10n, 20n, 90n].map((price, i) => put(advert(`${i}`, { ask: price }))));
  expect(quote(state, 2_500_001, NOW)).toEqual({ least: 26n, typical: 51n, providers: 3 });
  expect(quote(EMPTY_BOOK, 1_000_000, NOW)).toEqual({ least: 0n, typical: 0n, providers: 0 });
});
