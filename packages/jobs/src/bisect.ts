import type { CIDText, PeerId, Range } from "@foldmesh/protocol";
import type { Task } from "./task-state.ts";

/** An accepted node of a job's tree, and who made it. */
export interface MadeNode {
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  readonly node: CIDText;
  readonly bytes: number;
  readonly range: Range;
}

/**
 * Goes down the tree from a task whose node is wrong, always into a wrong input, to the first wrong node: one whose own inputs are right,
 * so that its maker is to blame. A tree of n shards takes at most 2 log₂ n checks.
 * @param isWrong checks a node in full; false where that cannot be told
 * @returns undefined when all inputs of the task are right: the fault is in the task itself
 */
export async function firstWrong(
  tasks: readonly Task[],
  id: string,
  isWrong: (made: MadeNode) => Promise<boolean>,
): Promise<MadeNode | undefined> {
  const above = tasks.find((each) => each.id === id);
  for (const input of above?.inputs ?? []) {
    const made = madeBy(tasks.find((each) => each.id === input));
    if (made === undefined || !(await isWrong(made))) continue;
    return (await firstWrong(tasks, input, isWrong)) ?? made;
  }
  return undefined;
}

function madeBy(task: Task | undefined): MadeNode | undefined {
  if (task?.state.kind !== "Verified") return undefined;
  const { epoch, peer, node, bytes } = task.state;
  return { task: task.id, epoch, peer, node, bytes, range: task.range };
}
