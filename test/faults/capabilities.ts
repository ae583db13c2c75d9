// Which faults the campaign does to which role: those that the network is meant to survive.
import type { Capability } from "./schedule.ts";

export const CAPABILITIES: readonly Capability[] = [
  {
    role: "prover",
    weight: 4,
    kinds: [
      "kill",
      "kill-restart",
      "kill-corrupt",
      "freeze",
      "slow",
      "cut",
      "delay",
      "loss",
      "skew",
      "disk-full",
    ],
  },
  {
    role: "aggregator",
    weight: 3,
    kinds: [
      "kill",
      "kill-restart",
      "kill-corrupt",
      "freeze",
      "slow",
      "cut",
      "delay",
      "loss",
      "skew",
      "disk-full",
    ],
  },
  {
    role: "broker",
    weight: 2,
    kinds: ["kill-restart", "freeze", "slow", "delay", "loss", "cut", "skew", "disk-full"],
  },
  { role: "dapp", weight: 1, kinds: ["kill-restart", "freeze"] },
];
