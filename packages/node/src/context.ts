import type { Network } from "@foldmesh/network";
import type { Role, Time } from "@foldmesh/protocol";
import type { DescribeLeaf } from "./broker/accept.ts";
import type { BlobShelf } from "./blob-shelf.ts";
import type { BrokerConfig, WorkerConfig } from "./config.ts";
import type { NodeEvent } from "./events.ts";
import type { Board } from "./board.ts";
import type { JobJournal } from "./journal.ts";
import type { Keep } from "./keep/keep.ts";
import type { PowersShelf } from "./powers.ts";
import type { Programs } from "./programs.ts";
import type { Watcher } from "./watcher.ts";
import type { Sessions } from "./sessions.ts";
import type { Perform } from "./worker/tasks.ts";

/** What every role of a running node needs. */
export interface Context {
  readonly roles: readonly Role[];
  readonly brokerConfig: BrokerConfig;
  readonly workerConfig: WorkerConfig;
  readonly cacheDir: string;
  /** worker threads of a session */
  readonly threads: number;
  readonly network: Network;
  /** the two gossip topics */
  readonly board: Board;
  readonly watcher: Watcher;
  readonly keep: Keep;
  readonly shelf: BlobShelf;
  readonly programs: Programs;
  /** of tau, that this node has */
  readonly powers: PowersShelf;
  readonly sessions: Sessions;
  /** how large a program's leaves are */
  readonly describeLeaf: DescribeLeaf;
  /** the work of a lease */
  readonly perform: Perform;
  readonly journal: JobJournal;
  readonly emit: (event: NodeEvent) => void;
  readonly now: () => Time;
  /** aborted when the node stops */
  readonly stopping: AbortSignal;
}
