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
  /**
   * The job is over: its result and what was told, with what is told last, stay; how it came about goes.
   * @param more what is written with it, all or nothing
   */
  end(
    job: CIDText,
    record: JobRecord,
    last: readonly JobUpdate[],
    ...more: readonly Change[]
  ): Promise<void>;
  /** Nothing of it is kept. */
  forget(job: CIDText): Promise<void>;
  /** Another's log in place of what is here from its start on, all or nothing. */
  copy(job: CIDText, log: CopiedLog): Promise<void>;
  one(job: CIDText): Promise<KeptJob | undefined>;
  /** Every job, as it was left. */
  all(): Promise<readonly KeptJob[]>;
}

export interface CopiedLog {
  /** where the first entry stands: 0, or where the log here ends */
  readonly start: number;
  /** with the first entry */
  readonly record: JobRecord | undefined;
  readonly entries: readonly Uint8Array[];
  /** what is written with it */
  readonly more: readonly Change[];
}

export interface KeptJob {
  readonly job: CIDText;
  readonly record: JobRecord;
  readonly entries: readonly Uint8Array[];
  readonly updates: readonly JobUpdate[];
}

export function createJournal({ rooms, commit }: Pick<Keep, "rooms" | "commit">): JobJournal {
  const { jobs, jobEvents, terms, updates, states, issued, deliveries } = rooms;
  const workOf = async (job: CIDText): Promise<readonly Change[]> => {
    const gone: Change[] = [jobEvents.removing(job), states.removing(job)];
    for await (const [id] of issued.entries({ job })) gone.push(issued.removing(id));
    for await (const [id] of deliveries.entries({ job })) gone.push(deliveries.removing(id));
    return gone;
  };
  const keptOf = async (job: CIDText, record: JobRecord): Promise<KeptJob> => {
    const entries = (await listOf(jobEvents.read(job))).map(({ event }) => event);
    const told = (await listOf(updates.read(job))).map(({ event }) => event);
    return { job, record, entries, updates: told };
  };
  return {
    put: (job, record, ...more) => commit([jobs.putting(job, record), ...more]),
    append: async (job, entry) => void (await jobEvents.append(job, [entry])),
    tell: async (job, update) => void (await updates.append(job, [update])),
    async end(job, record, last, ...more) {
      const gone = await workOf(job);
      await commit([jobs.putting(job, record), updates.appending(job, last), ...gone, ...more]);
    },
    async forget(job) {
      const gone = await workOf(job);
      await commit([jobs.removing(job), terms.removing(job), updates.removing(job), ...gone]);
    },
    copy(job, { start, record, entries, more }) {
      const head = record === undefined ? [] : [jobs.putting(job, record)];
      const before = start === 0 ? [jobEvents.removing(job)] : [];
      return commit([...head, ...before, jobEvents.appending(job, entries, start), ...more]);
    },
    async one(job) {
      const record = await jobs.get(job);
      return record && keptOf(job, record);
    },
    async all() {
      const kept: KeptJob[] = [];
      for await (const [job, record] of jobs.entries()) kept.push(await keptOf(job, record));
      return kept;
    },
  };
}
