export { type BuildOptions, buildProgram } from "./build-program.ts";
export { loadProgram } from "./load-program.ts";
export {
  DEFAULT_MEMORY_LIMIT_BYTES,
  DEFAULT_TIME_LIMIT_MS,
  type RunOptions,
  type WitnessRunner,
  type WitnessRunnerInit,
  createWitnessRunner,
} from "./witness-runner.ts";
