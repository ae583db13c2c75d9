// What of a node's events goes into its log, and how loudly.
import type { NodeEvent } from "@foldmesh/node";
import type { Entry, Level } from "./log.ts";

/** Everything that is not named here is told with `debug`. */
const LOUDNESS: Readonly<Partial<Record<NodeEvent["kind"], Level>>> = {
  "bootstrap-failed": "warn",
  bootstrapped: "info",
  lost: "warn",
  silent: "warn",
  answering: "info",
  offence: "warn",
  banned: "warn",
  "advertising-failed": "warn",
  equivocation: "warn",
  evidence: "warn",
  "handler-failed": "error",
  "blob-damaged": "warn",
  "job-followed": "info",
  "job-resumed": "info",
  "lease-resumed": "info",
  checkpointed: "info",
  "job-not-resumed": "error",
  admitted: "info",
  "not-admitted": "warn",
  "bid-fault": "warn",
  measured: "info",
  gpu: "info",
  "no-gpu": "warn",
  "work-started": "info",
  "work-delivered": "info",
  "work-failed": "warn",
  "work-refused": "warn",
  "work-stopped": "info",
  receipt: "info",
};

/** Of a job's updates, which come often. */
const QUIET_UPDATES: readonly string[] = ["executed", "progress", "checkpoint"];
const LOUD_UPDATES: readonly string[] = ["rejected", "blamed", "failed"];

export function describeEvent(event: NodeEvent): Entry {
  if (event.kind === "job") return describeUpdate(event);
  if (event.kind === "store-opened") return describeRecovery(event);
  const { kind, ...fields } = event;
  return { level: LOUDNESS[kind] ?? "debug", event: kind, fields };
}

function describeUpdate({ job, update }: Extract<NodeEvent, { kind: "job" }>): Entry {
  const { kind, ...fields } = update.event;
  const level = QUIET_UPDATES.includes(kind)
    ? "debug"
    : LOUD_UPDATES.includes(kind)
      ? "warn"
      : "info";
  return { level, event: `job-${kind}`, fields: { job, ...fields } };
}

/** A start after an orderly end is nothing to tell; what was repaired or lost is. */
function describeRecovery({ kind, ...found }: Extract<NodeEvent, { kind: "store-opened" }>): Entry {
  const lost = found.cutLogs + found.droppedRecords + found.damagedBlobs;
  const isRepaired = lost > 0 || found.mended !== undefined;
  const level = isRepaired ? "warn" : found.wasClosed ? "debug" : "info";
  return { level, event: kind, fields: found };
}
