import { JOB_DEFAULTS, type JobInit, planShards } from "@foldmesh/jobs";
import type { SignedMessage } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";
import type { Roster } from "./roster.ts";

/** Cuts a job into shards by the speeds of the provers that are there. @param leafMs what a leaf takes to execute */
export function planJob(
  { brokerConfig, network }: Context,
  roster: Roster,
  { job, size }: Accepted,
  { content: { maxPrice, deadline } }: SignedMessage<"Order">,
  leafMs: number,
): JobInit {
  const { leaves, leaf, merge, compress } = size;
  const executed = (1000 * (leaf + merge)) / leafMs; // as speeds are
  const shards = planShards({
    steps: leaves,
    speeds: roster.speeds(),
    executed,
    shardsPerSlot: brokerConfig.shardsPerSlot,
    minSteps: 1,
    maxSteps: Math.min(leaves, brokerConfig.maxLeavesPerShard ?? leaves),
  });
  return {
    job,
    broker: network.peer,
    shards,
    compress: size.compress > 0,
    constraints: { leaf, merge, compress },
    maxPrice,
    deadline,
    config: { ...JOB_DEFAULTS, ...brokerConfig.job },
    executing: true,
  };
}
