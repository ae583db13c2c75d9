/** Why something was not done on a GPU. None of these is fatal: the same work can be done by the CPU. */
export type GpuErrorCode =
  | "NO_WEBGPU" // this program has no WebGPU: the module does not load, the browser does not offer it
  | "NO_ADAPTER" // WebGPU is there, a GPU is not
  | "OUT_OF_MEMORY" // an allocation failed: a smaller one may succeed
  | "LOST" // the device is gone: another must be opened
  | "HUNG" // no answer before the deadline: the device was given up
  | "INVALID"; // the device refused what it was asked to do: a mistake of ours or of a driver

/** `code` is stable; the message says what was expected, what came and what to do. */
export class GpuError extends Error {
  override readonly name: string = "GpuError";
  readonly code: GpuErrorCode;
  constructor(code: GpuErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
