import { JOB_DEFAULTS, type JobInit, planShards } from "@foldmesh/jobs";
import type { SignedMessage } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";
import type { Roster } from "./roster.ts";

/** Cuts a job into shards by the speeds of the provers that are there. */
export function planJob(
  { brokerConfig, network }: Context,
  roster: Roster,
  { job, size }: Accepted,
  { content: { maxPrice, deadline } }: SignedMessage<"Order">,
): JobInit {
  const { leaves, leaf, merge, compress } = size;
  const shards = planShards({
    steps: leaves,
    speeds: roster.speeds(),
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
