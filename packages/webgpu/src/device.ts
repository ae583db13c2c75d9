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
  /** Watched while an answer is waited for: the device is given up when nobody wants it any more. */
  readonly watch?: Watch | undefined;
}

/** Ends what waits for a device, from another thread too. */
export interface Watch {
  readonly isStopped: () => boolean;
  /** +1 when an answer is waited for, −1 when it is there: a thread that ends in between takes the process with it. */
  readonly count: (change: 1 | -1) => void;
}

const DEFAULT_DEADLINE = 60_000;
const POLL_MS = 50;
/** What was asked of a device is answered soon after it was closed: with an error. */
const SETTLE_MS = 100;

/** What the kernels need more of than WebGPU's least device has. */
const WANTED_LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/** An open device. Referenced for life: its owner closes it, and it is then as one that was lost. */
export class Device implements Disposable {
  readonly handle: GPUDevice;
  readonly facts: AdapterFacts;
  readonly deadline: number;
  readonly #watch: Watch | undefined;
  readonly #lost: Promise<GpuError>;
  #fault: GpuError | undefined;

  constructor(
    handle: GPUDevice,
    facts: AdapterFacts,
    { deadline = DEFAULT_DEADLINE, watch }: OpenOptions = {},
  ) {
    this.handle = handle;
    this.facts = facts;
    this.deadline = deadline;
    this.#watch = watch;
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
   * Waits for an answer of the device, but not for ever, and not for nobody.
   * @throws GpuError LOST, HUNG (the device is then given up), INVALID
   */
  async wait<T>(answer: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const end = performance.now() + this.deadline;
    const timer = setInterval(() => {
      const stopped = this.#watch?.isStopped() === true;
      if (!stopped && performance.now() < end) return;
      clearInterval(timer);
      reject(
        stopped
          ? this.#give("LOST", "the work was cancelled")
          : this.#give("HUNG", `the GPU did not answer within ${this.deadline} ms`),
      );
      this.handle.destroy();
    }, POLL_MS);
    const lost = this.#lost.then((error) => Promise.reject(error));
    this.#watch?.count(1);
    try {
      const value = await Promise.race([answer, late, lost]);
      if (this.#fault !== undefined) throw this.#fault;
      return value;
    } catch (error) {
      await Promise.race([answer.catch(() => {}), sleep(SETTLE_MS)]);
      throw this.#fault ?? error;
    } finally {
      clearInterval(timer);
      this.#watch?.count(-1);
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
    this.#give("LOST", "the GPU was closed");
    this.handle.destroy();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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
 * @throws GpuError NO_WEBGPU, NO_ADAPTER, LOST
 */
export async function openDevice(gpu: GPU | undefined, options: OpenOptions = {}): Promise<Device> {
  const { software = true } = options;
  if (gpu === undefined) {
    throw new GpuError(
      "NO_WEBGPU",
      "this browser does not offer WebGPU (navigator.gpu): it is off, too old, or the page is not served by HTTPS",
    );
  }
  const adapter = await requestAdapter(gpu);
  if (adapter === null) throw new GpuError("NO_ADAPTER", "no GPU was found");
  if (!software && isSoftware(adapter.info)) {
    throw new GpuError(
      "NO_ADAPTER",
      `no GPU was found, only software (${adapter.info.description})`,
    );
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
  return new Device(handle, factsOf(adapter.info, handle.limits), options);
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
