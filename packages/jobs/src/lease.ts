import type { Time } from "@foldmesh/protocol";
import type { JobConfig, Leased, LeaseRecord, Task } from "./task-state.ts";

const ONE = 1_000_000;

/** How long a holder may go without progress: its promised time for one step times the slack, but at least `leaseMs`. */
function windowOf(
  task: Task,
  { promisedMs, work }: LeaseRecord,
  { leaseMs, slack }: JobConfig,
): number {
  const steps = task.kind === "prove" ? work.end - work.start : 1;
  return Math.max(leaseMs, Math.ceil((promisedMs * slack) / (ONE * steps)));
}

/** A fresh lease; its deadlines never pass the job's. */
export function grant(
  task: Task,
  record: LeaseRecord,
  config: JobConfig,
  now: Time,
  jobDeadline: Time,
): Leased {
  const whole = Math.max(config.leaseMs, Math.ceil((record.promisedMs * config.slack) / ONE));
  const endBy = Math.min(jobDeadline, now + whole);
  const deadline = Math.min(endBy, now + windowOf(task, record, config));
  const { peer, epoch, work, promisedMs } = record;
  const expected = now + promisedMs;
  return { kind: "Leased", peer, epoch, deadline, endBy, done: work.start, expected };
}

/** The lease without grace running out. */
export function connected(lease: Leased): Leased {
  const { kind, peer, epoch, deadline, endBy, done, expected } = lease;
  return { kind, peer, epoch, deadline, endBy, done, expected };
}

/** Progress up to `done` moves the deadline; hearing of the holder ends its grace time. */
export function renew(
  task: Task,
  lease: Leased,
  done: number,
  config: JobConfig,
  now: Time,
): Leased {
  const heard = connected(lease);
  if (done <= lease.done) return heard;
  const record = recordOf(task, lease.epoch) as LeaseRecord;
  const window = windowOf(task, record, config);
  return {
    ...heard,
    done,
    expected: now + remainingMs(record, done, now),
    deadline: Math.max(lease.deadline, Math.min(lease.endBy, now + window)),
  };
}

/** What the rest of the work takes at the pace so far. @param done > work.start */
function remainingMs({ granted, work }: LeaseRecord, done: number, now: Time): number {
  return Math.ceil(((now - granted) * (work.end - done)) / (done - work.start));
}

/** A new broker begins: time in which nobody listened is not held against the holder. */
export function excuse(
  task: Task,
  lease: Leased,
  config: JobConfig,
  now: Time,
  jobDeadline: Time,
): Leased {
  const deadline = Math.min(
    jobDeadline,
    now + windowOf(task, recordOf(task, lease.epoch) as LeaseRecord, config),
  );
  return {
    ...connected(lease),
    deadline: Math.max(lease.deadline, deadline),
    endBy: Math.max(lease.endBy, deadline),
  };
}

/** Why a lease is lost by `now`, if it is. */
export function whyLost(
  lease: Leased,
  now: Time,
): "DISCONNECTED" | "EXPIRED" | "STALLED" | undefined {
  if (lease.graceUntil !== undefined && now >= lease.graceUntil) return "DISCONNECTED";
  if (now < lease.deadline) return undefined;
  return lease.deadline === lease.endBy ? "EXPIRED" : "STALLED";
}

export function recordOf(task: Task, epoch: number): LeaseRecord | undefined {
  return task.leases.find((each) => each.epoch === epoch);
}
