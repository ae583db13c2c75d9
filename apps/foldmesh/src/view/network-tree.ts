import type { NetworkView, TaskView } from "./network-view.ts";
import { type TreeNode, createTree } from "./tree.ts";

/** The forest of a job: leaves as they are proved, shards when verified, merges above; in their workers' numbers. */
export function networkTree(view: NetworkView): readonly TreeNode[] {
  const tree = createTree();
  const numbers = new Map([...view.workers.keys()].map((peer, index) => [peer, index]));
  const tasks = [...view.tasks.values()];
  for (const task of tasks.filter(isShard)) {
    const worker = numbers.get(task.peer) ?? 0;
    for (let leaf = task.range.start; leaf < task.done; leaf++) tree.addLeaf(leaf, worker);
    if (task.state === "verified") tree.addShard(task.range, worker);
  }
  const merges = tasks.filter(
    ({ task, state }) => task.startsWith("merge") && state === "verified",
  );
  for (const { range, peer } of merges.toSorted(bySize)) {
    tree.addMerge(range, numbers.get(peer) ?? 0);
  }
  return tree.tops();
}

const isShard = ({ task }: TaskView): boolean => task.startsWith("prove");

const bySize = ({ range: a }: TaskView, { range: b }: TaskView): number =>
  a.end - a.start - (b.end - b.start);
