import type { Range, TaskKind } from "@foldmesh/protocol";

/** A task's place in the job: what it makes and of which tasks' nodes. */
export interface TaskSpec {
  readonly id: string;
  readonly kind: TaskKind;
  /** the steps that its node spans */
  readonly range: Range;
  /** ids of the tasks whose nodes it takes: none for a shard, left and right for a merge, the root for compress and verify */
  readonly inputs: readonly string[];
}

/**
 * The whole tree, inputs before what takes them: `prove:i` for shard i; `merge:level.i` over neighbours, an odd one moving up unmerged, so
 * the depth is ⌈log₂ shards⌉ and no node spans a gap; then `compress` if wanted; then `verify` of what comes out.
 * @param shards at least one, contiguous
 */
export function buildTree(shards: readonly Range[], compress: boolean): readonly TaskSpec[] {
  const leaves = shards.map((range, i): TaskSpec => ({
    id: `prove:${i}`,
    kind: "prove",
    range,
    inputs: [],
  }));
  const specs = [...leaves];
  let level = leaves;
  for (let height = 1; level.length > 1; height++) {
    level = mergeLevel(level, height);
    specs.push(...level.filter(({ id }) => id.startsWith(`merge:${height}.`)));
  }
  return [...specs, ...topOf(level[0] as TaskSpec, compress)];
}

function mergeLevel(below: readonly TaskSpec[], height: number): TaskSpec[] {
  return Array.from({ length: Math.ceil(below.length / 2) }, (_, i) => {
    const left = below[2 * i] as TaskSpec;
    const right = below[2 * i + 1];
    return right === undefined ? left : merge(left, right, `merge:${height}.${i}`);
  });
}

function merge(left: TaskSpec, right: TaskSpec, id: string): TaskSpec {
  const range = { start: left.range.start, end: right.range.end };
  return { id, kind: "merge", range, inputs: [left.id, right.id] };
}

function topOf({ id, range }: TaskSpec, compress: boolean): readonly TaskSpec[] {
  const last = compress ? "compress" : id;
  const verify: TaskSpec = { id: "verify", kind: "verify", range, inputs: [last] };
  return compress ? [{ id: "compress", kind: "compress", range, inputs: [id] }, verify] : [verify];
}
