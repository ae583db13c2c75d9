export { GpuError, type GpuErrorCode } from "./errors.ts";
export { type AdapterFacts, Device, type OpenOptions, openDevice } from "./device.ts";
