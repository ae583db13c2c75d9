import { isLive } from "../io/terminal.ts";
import type { RemoteEvent } from "../remote/events.ts";
import { liveNetwork } from "./network-live.ts";
import { type Naming, lineOfRemote, shortPeer } from "./network-words.ts";

/** Shows a job on the network on stderr: redrawn on a terminal, plain lines otherwise. */
export interface NetworkProgress {
  readonly onEvent: (event: RemoteEvent) => void;
  /** Leaves what was drawn last in place. To be called however the job ends. */
  readonly stop: () => void;
}

export function showNetwork(name: Naming = shortPeer): NetworkProgress {
  const stream = process.stderr;
  if (isLive(stream)) return liveNetwork(stream, name);
  return {
    onEvent(event) {
      const line = lineOfRemote(event, name);
      if (line !== null) stream.write(`${line}\n`);
    },
    stop: () => {},
  };
}
