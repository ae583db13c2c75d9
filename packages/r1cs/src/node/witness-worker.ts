// Runs a foreign witness program, and nothing else, in a thread that witness-runner.ts may kill.

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@foldmesh/algebra";
import { R1CSError } from "../errors.ts";
import { type WitnessProgram, instantiateWitness } from "../witness-program.ts";
import type { RunReply, RunRequest, WorkerData } from "./witness-protocol.ts";

assert(parentPort !== null, "witness-worker.ts runs as a worker");
const port = parentPort;
const { wasm, columns } = workerData as WorkerData;
let program: WitnessProgram | undefined; // this thread's one program

port.on("message", (request: RunRequest) => {
  const reply = answer(request);
  port.postMessage(reply, "assignment" in reply ? [reply.assignment.buffer as ArrayBuffer] : []);
});

function answer({ signals }: RunRequest): RunReply {
  try {
    program ??= instantiateWitness(compile(wasm), columns);
    return { ...program.run(signals), log: program.log() };
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof R1CSError ? error.code : "WITNESS";
    return { code, message, log: program?.log() ?? [] };
  }
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  } catch (error) {
    const message = `the witness program does not compile: ${(error as Error).message}`;
    throw new R1CSError("MALFORMED", message, { cause: error });
  }
}
