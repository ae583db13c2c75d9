import { byId, make, say, shortName } from "./dom.ts";
import type { JobModel, TaskModel } from "./job-model.ts";

/** Draws a job: a lane for each task, with its bar over the leaves that it covers. */
export function drawJob(model: JobModel): void {
  say(byId("job-status"), model.headline, model.phase === "failed" ? "bad" : "plain");
  byId("tree").replaceChildren(...model.tasks.map((task) => drawTask(task, model.leaves)));
  byId("log").replaceChildren(...model.log.toReversed().map((line) => make("li", line)));
}

function drawTask(task: TaskModel, leaves: number): HTMLElement {
  const { start, end } = task.range;
  const bar = make("div");
  bar.className = "bar";
  bar.style.left = `${(100 * start) / leaves}%`;
  bar.style.width = `${(100 * (end - start)) / leaves}%`;
  bar.style.setProperty("--done", String(fraction(task)));
  const lane = make("div", bar);
  lane.className = "lane";
  const row = make("div", make("span", task.task), lane, make("span", wordsOf(task)));
  row.className = "task";
  row.dataset["state"] = task.state;
  row.dataset["task"] = task.task;
  return row;
}

function fraction({ state, work, done, range }: TaskModel): number {
  if (state !== "working") return state === "open" ? 0 : 1;
  return work === "prove" ? Math.max(0.05, done / (range.end - range.start)) : 0.5;
}

function wordsOf({ state, peer, paid }: TaskModel): string {
  if (state === "open") return "for sale";
  const who = peer === undefined ? "" : ` ${shortName(peer)}`;
  return `${state}${who}${paid > 0n ? `, paid ${paid}` : ""}`;
}
