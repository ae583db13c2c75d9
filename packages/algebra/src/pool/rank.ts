import type { EngineInit } from "../wasm/engine.ts";
import { attachEngine } from "../wasm/engine.ts";
import { type MSM, wasmMSM } from "../msm/msm.ts";
import { type CommitTask, type TaskReply, blocksOf } from "./messages.ts";

/** What a worker's script does with each task; it answers through the return value and never throws. */
export function openRank(init: EngineInit): (task: CommitTask) => TaskReply {
  let msm: MSM | undefined;
  attachEngine(init, (context) => (msm = wasmMSM(context)));
  return ({ id, key, scalars, n, part, parts }) => {
    try {
      return { id, point: msm!.sumRanges(key, scalars, blocksOf(n, part, parts)) };
    } catch (error) {
      return { id, error: String(error) };
    }
  };
}
