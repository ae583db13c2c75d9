// One GPU, opened: its limits, its loss, its mistakes.

import { GpuError } from "./errors.ts";

/** What an adapter says about itself; also part of a capability advert. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Software, not a GPU. */
  readonly software: boolean;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

export interface OpenOptions {
  /** Whether software that plays a GPU will do; default true. */
  readonly software?: boolean | undefined;
  /** How long an answer of the device may take, in milliseconds; default 60,000. */
  readonly deadline?: number | undefined;
}

const DEFAULT_DEADLINE = 60_000;

/** What the kernels need more of than WebGPU's least device has. */
const WANTED_LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/** An open device. Referenced for life: its owner closes it. */
export class Device implements Disposable {
  readonly handle: GPUDevice;
  readonly facts: AdapterFacts;
  readonly deadline: number;
  readonly #lost: Promise<GpuError>;
  #fault: GpuError | undefined;

  constructor(handle: GPUDevice, facts: AdapterFacts, deadline: number) {
    this.handle = handle;
    this.facts = facts;
    this.deadline = deadline;
    this.#lost = handle.lost.then(({ message, reason }) =>
      this.#give("LOST", `the GPU was lost (${reason}): ${message}`),
    );
    // what no error scope caught: the results of this device cannot be trusted any more
    handle.addEventListener("uncapturederror", (event) => {
      const { message } = (event as GPUUncapturedErrorEvent).error;
      this.#give("INVALID", `the GPU refused a command: ${message}`);
    });
  }

  /** Why this device cannot be used any more. */
  get fault(): GpuError | undefined {
    return this.#fault;
  }

  #give(code: "LOST" | "INVALID" | "HUNG", message: string): GpuError {
    this.#fault ??= new GpuError(code, message);
    return this.#fault;
  }

  /**
   * Waits for an answer of the device, but not for ever.
   * @throws GpuError LOST, HUNG (the device is then given up), INVALID
   */
  async wait<T>(answer: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const message = `the GPU did not answer within ${this.deadline} ms`;
      reject(this.#give("HUNG", message));
      this.handle.destroy();
    }, this.deadline);
    const lost = this.#lost.then((error) => Promise.reject(error));
    try {
      const value = await Promise.race([answer, late, lost]);
      if (this.#fault !== undefined) throw this.#fault;
      return value;
    } catch (error) {
      throw this.#fault ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Runs `body` and waits for the errors that it made.
   * @throws GpuError OUT_OF_MEMORY, INVALID
   */
  async checked<T>(body: () => T): Promise<T> {
    const { handle } = this;
    handle.pushErrorScope("validation");
    handle.pushErrorScope("out-of-memory");
    const value = settled(body);
    const errors = Promise.all([handle.popErrorScope(), handle.popErrorScope()]);
    const [full, invalid] = await this.wait(errors);
    if (full !== null) throw new GpuError("OUT_OF_MEMORY", `no memory on the GPU: ${full.message}`);
    if (invalid !== null) {
      throw new GpuError("INVALID", `the GPU refused a command: ${invalid.message}`);
    }
    return value();
  }

  [Symbol.dispose](): void {
    this.handle.destroy();
  }
}

/** Runs `body` now; what it gave or threw comes when asked for. */
function settled<T>(body: () => T): () => T {
  try {
    const value = body();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * Opens the system's preferred GPU, with all the memory that it allows.
 * @param gpu `nodeGpu()` or `navigator.gpu`
 * @throws GpuError NO_WEBGPU, NO_ADAPTER with what is missing, LOST
 */
export async function openDevice(
  gpu: GPU | undefined,
  { software = true, deadline = DEFAULT_DEADLINE }: OpenOptions = {},
): Promise<Device> {
  if (gpu === undefined) {
    throw new GpuError(
      "NO_WEBGPU",
      "this browser does not offer WebGPU (navigator.gpu): it is off, too old, or the page is not served by HTTPS",
    );
  }
  const adapter = await requestAdapter(gpu);
  if (adapter === null) throw noAdapter("no GPU was found");
  if (!software && isSoftware(adapter.info)) {
    throw noAdapter(`no GPU was found, only software (${adapter.info.description})`);
  }
  const requiredLimits = Object.fromEntries(
    WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]),
  );
  let handle: GPUDevice;
  try {
    handle = await adapter.requestDevice({ requiredLimits });
  } catch (cause) {
    throw new GpuError("LOST", `the GPU could not be opened: ${String(cause)}`, { cause });
  }
  return new Device(handle, factsOf(adapter.info, handle.limits), deadline);
}

/** @throws GpuError NO_ADAPTER: Dawn throws where there is no GPU of the name that was asked for */
async function requestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  try {
    return await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch (cause) {
    const message = `no such GPU: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new GpuError("NO_ADAPTER", message.replaceAll(/\s+/g, " "), { cause });
  }
}

const noAdapter = (what: string): GpuError =>
  new GpuError(
    "NO_ADAPTER",
    `${what}. On Linux, WebGPU needs the Vulkan loader (libvulkan1) and the GPU's Vulkan driver (mesa-vulkan-drivers for AMD and Intel, NVIDIA's own for NVIDIA); for a headless NVIDIA machine VK_DRIVER_FILES may have to name the driver's ICD json`,
  );

const isSoftware = ({
  isFallbackAdapter,
  architecture,
  device,
  description,
}: GPUAdapterInfo): boolean =>
  isFallbackAdapter ||
  /llvmpipe|swiftshader|software/i.test(`${device} ${description} ${architecture}`);

function factsOf(info: GPUAdapterInfo, limits: GPUSupportedLimits): AdapterFacts {
  const { vendor, architecture, device, description } = info;
  return {
    vendor,
    architecture,
    device,
    description,
    software: isSoftware(info),
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
  };
}
