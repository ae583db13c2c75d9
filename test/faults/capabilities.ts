// Which faults the campaign does to which role: those that the network is meant to survive.
import { type Capability, FAULT_KINDS } from "./schedule.ts";

export const CAPABILITIES: readonly Capability[] = [
  { role: "prover", weight: 4, kinds: FAULT_KINDS },
  { role: "aggregator", weight: 3, kinds: FAULT_KINDS },
  {
    role: "broker",
    weight: 3,
    kinds: ["kill", "kill-restart", "freeze", "slow", "delay", "loss", "cut", "skew", "disk-full"],
  },
  { role: "standby", weight: 1, kinds: FAULT_KINDS },
  { role: "dapp", weight: 1, kinds: ["kill-restart", "freeze"] },
];
