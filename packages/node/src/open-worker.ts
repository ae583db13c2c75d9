// A thread that opens one program. What a client needs besides, such as the network, would take longer to load than most programs.

import { parentPort } from "node:worker_threads";
import { assert } from "@foldmesh/algebra";
import { openBundle } from "@foldmesh/client/bundle";
import { pack } from "./program-parcel.ts";

assert(parentPort !== null, "open-worker.ts runs as a worker");
const port = parentPort;

port.once("message", (bundle: Uint8Array) => {
  const { parcel, buffers } = pack(openBundle(bundle));
  port.postMessage(parcel, buffers);
});
