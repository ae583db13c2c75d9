import type { JobResult } from "@foldmesh/client";
import type { CIDText, PeerId, SignedMessage } from "@foldmesh/protocol";
import type { KeptJob } from "../journal.ts";
import type { JobRecord } from "../keep/records.ts";
import { type UpdateLog, createUpdateLog } from "./update-log.ts";

/** A job as its requester asks for it, whether it runs or is over. */
export interface BrokerJob {
  readonly job: CIDText;
  readonly requester: PeerId;
  readonly request: SignedMessage<"ProofRequest">;
  readonly order: SignedMessage<"Order">;
  readonly record: JobRecord;
  readonly result: JobResult;
  readonly updates: UpdateLog;
  /** for displays; 0 of 0 before it is planned */
  readonly tasks: { readonly all: number; readonly verified: number };
}

/** One that was over before this start. */
export function finishedJob(
  { job, record, updates }: KeptJob,
  request: SignedMessage<"ProofRequest">,
  order: SignedMessage<"Order">,
): BrokerJob {
  const { result } = record;
  return {
    job,
    requester: request.sender,
    request,
    order,
    record,
    result,
    updates: createUpdateLog(Date.now, updates),
    tasks: { all: 0, verified: 0 },
  };
}
