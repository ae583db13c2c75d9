import type { JobUpdate } from "@foldmesh/client";
import type { CIDText } from "@foldmesh/protocol";
import type { Change } from "@foldmesh/store";
import type { Keep } from "./keep/keep.ts";
import { listOf } from "./keep/list-of.ts";
import type { JobRecord } from "./keep/records.ts";

/**
 * Where a broker writes down what happens to its jobs, before it acts on it: with the record and the entries, `replay` of jobs
 * gives the state back after a restart. Each promise is kept when it is durable; what is asked first is written first.
 */
export interface JobJournal {
  /** @param more what is written with it, all or nothing */
  put(job: CIDText, record: JobRecord, ...more: readonly Change[]): Promise<void>;
  /** @param entry `encodeEntry` of jobs */
  append(job: CIDText, entry: Uint8Array): Promise<void>;
  /** What the job's requester is told. */
  tell(job: CIDText, update: JobUpdate): Promise<void>;
  /** The job is over: its result and what was told stay, how it came about goes. */
  end(job: CIDText, record: JobRecord, last: JobUpdate): Promise<void>;
  /** Nothing of it is kept. */
  forget(job: CIDText): Promise<void>;
  /** Every job, as it was left. */
  all(): Promise<readonly KeptJob[]>;
}

export interface KeptJob {
  readonly job: CIDText;
  readonly record: JobRecord;
  readonly entries: readonly Uint8Array[];
  readonly updates: readonly JobUpdate[];
}

export function createJournal({ rooms, commit }: Pick<Keep, "rooms" | "commit">): JobJournal {
  const { jobs, jobEvents, updates, issued, deliveries } = rooms;
  const workOf = async (job: CIDText): Promise<readonly Change[]> => {
    const gone: Change[] = [jobEvents.removing(job)];
    for await (const [id] of issued.entries({ job })) gone.push(issued.removing(id));
    for await (const [id] of deliveries.entries({ job })) gone.push(deliveries.removing(id));
    return gone;
  };
  return {
    put: (job, record, ...more) => commit([jobs.putting(job, record), ...more]),
    append: async (job, entry) => void (await jobEvents.append(job, [entry])),
    tell: async (job, update) => void (await updates.append(job, [update])),
    async end(job, record, last) {
      const gone = await workOf(job);
      await commit([jobs.putting(job, record), updates.appending(job, [last]), ...gone]);
    },
    async forget(job) {
      const gone = await workOf(job);
      await commit([jobs.removing(job), updates.removing(job), ...gone]);
    },
    async all() {
      const kept: KeptJob[] = [];
      for await (const [job, record] of jobs.entries()) {
        const entries = (await listOf(jobEvents.read(job))).map(({ event }) => event);
        const told = (await listOf(updates.read(job))).map(({ event }) => event);
        kept.push({ job, record, entries, updates: told });
      }
      return kept;
    },
  };
}
