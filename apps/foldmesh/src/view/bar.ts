import type { Progress } from "./job-view.ts";

const WIDTH = 28;
const NAME_WIDTH = 15;

/** "leaves          ██████████░░░░░░░░░░  5 of 17" */
export function drawBar(name: string, { done, total }: Progress): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.round(share * WIDTH);
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
  const figures = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return `${name.padEnd(NAME_WIDTH)} ${bar}  ${figures}`;
}
