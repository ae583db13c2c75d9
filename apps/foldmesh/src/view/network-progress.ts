import type { JobEvent } from "@foldmesh/client";
import { isLive } from "../io/terminal.ts";
import type { RemoteEvent } from "../remote/events.ts";
import { liveNetwork } from "./network-live.ts";
import { type Naming, lineOfRemote, shortName } from "./network-words.ts";

type AuctionOpened = Extract<JobEvent, { kind: "auction-opened" }>;

/** Shows a job on the network on stderr: redrawn on a terminal, plain lines otherwise. */
export interface NetworkProgress {
  readonly onEvent: (event: RemoteEvent) => void;
  /** Something that is no event of the job. */
  readonly say: (line: string) => void;
  /** Leaves what was drawn last in place. To be called however the job ends. */
  readonly stop: () => void;
}

export function showNetwork(name: Naming = shortName): NetworkProgress {
  const stream = process.stderr;
  if (isLive(stream)) return liveNetwork(stream, name);
  return plainNetwork(
    (line) => stream.write(`${line}\n`),
    name,
    () => performance.now(),
  );
}

/** Lots that are announced again are told about after this, then after twice as long, and so on. */
const REPEAT_MS = 5_000;

/** A line for everything that happens, but not for every round of an auction that goes on. */
export function plainNetwork(
  write: (line: string) => void,
  name: Naming,
  now: () => number,
): NetworkProgress {
  const announced = new Set<string>();
  let told = -Infinity;
  let pause = REPEAT_MS;
  const untold = new Set<string>();
  const isRepeatedRound = ({ lots }: AuctionOpened): boolean => {
    const isNew = lots.some(({ task }) => !announced.has(task));
    for (const { task } of lots) announced.add(task);
    if (!isNew && now() - told < pause) return true;
    pause = isNew ? REPEAT_MS : 2 * pause;
    told = now();
    return false;
  };
  const isRepeat = (event: RemoteEvent): boolean => {
    if (event.kind !== "update") return false;
    const told = event.update.event;
    if (told.kind === "auction-opened") {
      const isUntold = isRepeatedRound(told);
      if (isUntold) untold.add(told.auction);
      return isUntold;
    }
    return told.kind === "auction-closed" && untold.delete(told.auction) && told.sold.length === 0;
  };
  return {
    onEvent(event) {
      const line = isRepeat(event) ? null : lineOfRemote(event, name);
      if (line !== null) write(line);
    },
    say: write,
    stop: () => {},
  };
}
