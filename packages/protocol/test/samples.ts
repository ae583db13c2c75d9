import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { sha256 } from "@noble/hashes/sha2.js";
import type { CIDText, Contents, Hex32, Kind, PeerId, Signer } from "../src/index.ts";
import { bytesToHex, idOfPayload, signerOf, signMessage } from "../src/index.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The signer whose 32-byte seed is the SHA-256 of `name`. */
export async function signerNamed(name: string): Promise<Signer> {
  return signerOf(await generateKeyPairFromSeed("Ed25519", sha256(utf8(name))));
}

export const digestOf = (name: string): Hex32 => bytesToHex(sha256(utf8(name)));
export const cidOf = (name: string): CIDText => idOfPayload(utf8(name));
export const peerNamed = async (name: string): Promise<PeerId> => (await signerNamed(name)).peer;

const alice = await signerNamed("alice");
const bob = await peerNamed("bob");
const carol = await peerNamed("carol");
const both = [bob, carol].toSorted((a, b) => (a < b ? -1 : 1)) as [string, string];
const job = cidOf("job");
const auction = cidOf("auction");
const lease = { job, task: "prove:3", epoch: 1 };
const NOW = 1_770_000_000_000;

/** One full message of every kind. */
export const SAMPLES: { readonly [K in Kind]: Contents[K] } = {
  CapabilityAdvert: {
    sequence: 7,
    expires: NOW + 600_000,
    roles: ["aggregator", "prover"],
    backends: [
      {
        kind: "webgpu",
        device: "NVIDIA H200",
        memoryBytes: 141 * 2 ** 30,
        benchmark: { msmPointsPerSecond: 60_000_000, mergesPerMinute: 900 },
      },
      {
        kind: "cpu",
        device: "16 × Xeon é",
        memoryBytes: 2 ** 33,
        benchmark: { msmPointsPerSecond: 900_000, mergesPerMinute: 12 },
      },
    ],
    maxConcurrent: 2,
    ask: 1_250_000n,
    privacy: ["private", "public"],
    versions: { protocol: [1], software: "foldmesh/0.1.0" },
    addresses: ["/ip4/127.0.0.1/tcp/4001"],
  },
  ProofRequest: {
    nonce: digestOf("nonce"),
    program: cidOf("program"),
    context: digestOf("context"),
    z0: [digestOf("z0"), digestOf("z1")],
    zN: [digestOf("z2"), digestOf("z3")],
    steps: 1000,
    input: { kind: "inputs", blob: cidOf("inputs") },
    maxPrice: (1n << 62n) - 1n,
    deadline: NOW + 60_000,
    minReputation: 250_000,
    privacy: "public",
  },
  Order: {
    job,
    requester: bob,
    standbys: [carol, bob],
    maxPrice: 5_000_000n,
    deadline: NOW + 60_000,
  },
  Cancel: { job, reason: "changed my mind" },
  AuctionAnnouncement: {
    job,
    sequence: 0,
    program: cidOf("program"),
    lots: [
      {
        task: "prove:3",
        kind: "prove",
        epoch: 1,
        range: { start: 40, end: 60 },
        constraints: 2_621_440,
        reserve: 900_000n,
        maxDuration: 30_000,
      },
      {
        task: "merge:1.0",
        kind: "merge",
        epoch: 0,
        range: { start: 0, end: 40 },
        constraints: 131_072,
        reserve: 40_000n,
        maxDuration: 8_000,
      },
    ],
    bidders: [
      { peer: both[0], reputation: 0 },
      { peer: both[1], reputation: 1_000_000 },
    ],
    weights: { price: 700_000, reputation: 300_000 },
    commitBy: NOW + 400,
    revealBy: NOW + 800,
  },
  BidCommit: { auction, commitment: digestOf("commitment") },
  RevealCall: { auction, commits: digestOf("commits") },
  BidReveal: {
    auction,
    offers: [
      { lot: 0, price: 600_000n, duration: 12_000 },
      { lot: 1, price: 0n, duration: 900 },
    ],
    capacity: 1,
    salt: digestOf("salt"),
  },
  Award: {
    auction,
    lots: [
      { lot: 0, peer: bob, price: 700_000n },
      { lot: 1, peer: carol, price: 40_000n },
    ],
    digest: digestOf("reveals"),
  },
  Lease: {
    ...lease,
    kind: "prove",
    peer: bob,
    range: { start: 40, end: 60 },
    stepsPerLeaf: 8,
    price: 700_000n,
    deadline: NOW + 30_000,
    program: cidOf("program"),
    inputs: [cidOf("inputs")],
    resume: {
      done: { start: 40, end: 48 },
      node: cidOf("node"),
      bytes: 9_000_000,
      holders: [carol],
    },
    backup: carol,
  },
  LeaseRenewal: { ...lease, peer: bob, deadline: NOW + 45_000 },
  Revocation: { ...lease, peer: bob, reason: "superseded" },
  Refusal: { ...lease, reason: "overloaded" },
  Progress: { ...lease, done: 47 },
  Checkpoint: {
    ...lease,
    done: { start: 40, end: 48 },
    node: cidOf("node"),
    bytes: 9_000_000,
    backup: carol,
  },
  HandOff: {
    ...lease,
    epoch: 2,
    done: { start: 40, end: 48 },
    node: cidOf("node"),
    bytes: 9_000_000,
    from: bob,
    to: carol,
    holders: [carol],
  },
  Delivery: { ...lease, range: { start: 40, end: 60 }, node: cidOf("node"), bytes: 9_000_000 },
  Receipt: {
    ...lease,
    peer: bob,
    range: { start: 40, end: 60 },
    node: cidOf("node"),
    price: 700_000n,
    at: NOW + 13_000,
    verdict: { kind: "accepted", quality: 1_000_000, efficiency: 930_000 },
  },
  BrokerLease: { job, term: 2, expires: NOW + 5_000, entries: 312, log: cidOf("log") },
  Evidence: {
    accused: alice.peer,
    charge: "equivocation",
    messages: [
      (await signMessage(alice, "BidCommit", { auction, commitment: digestOf("one") })).bytes,
      (await signMessage(alice, "BidCommit", { auction, commitment: digestOf("two") })).bytes,
    ],
  },
};

export const ALL_KINDS: readonly Kind[] = Object.keys(SAMPLES) as Kind[];
