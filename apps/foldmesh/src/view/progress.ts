import type { ProverEvent } from "@foldmesh/prover";
import { isLive } from "../io/terminal.ts";
import { liveProgress } from "./live.ts";
import { plainProgress } from "./plain.ts";

/** Shows a running job on stderr: redrawn bars on a terminal, plain lines otherwise. */
export interface JobProgress {
  readonly onEvent: (event: ProverEvent) => void;
  /** Leaves what was drawn last in place. To be called however the job ends. */
  readonly stop: () => void;
}

/** @param tree draw the tree above the bars, and tell of every leaf and merge where nothing can be drawn */
export function showProgress(tree: boolean): JobProgress {
  const stream = process.stderr;
  if (isLive(stream)) return liveProgress(stream, tree);
  return plainProgress(
    (line) => stream.write(`${line}\n`),
    tree,
    () => performance.now(),
  );
}
