export { GpuError, type GpuErrorCode } from "./errors.ts";
export { type AdapterFacts, Device, type OpenOptions, openDevice } from "./device.ts";
export { type Records, noRecords } from "./records.ts";
export { type LayoutSpeed, measureLayouts } from "./autotune.ts";
export type { Costs } from "./msm/costs.ts";
export { type GpuEvent, type GpuMSM, type GpuMSMOptions, gpuMSM } from "./msm/port.ts";
