// Compute shaders: their bindings, their pipelines, and putting them to work.

import type { Device } from "./device.ts";

/** Threads of a workgroup. */
export const GROUP = 64;
/** Numbers that a kernel is given at each dispatch: param(k). From 8 on also as an element: constant(). */
const PARAMS = 16;
const MAX_GROUPS = 65_535;

/** What a kernel sees of a buffer: elements of a field, points XYZZ, words, or words to count in. */
export type BindingKind = "elements" | "points" | "words" | "atomics";

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly written: boolean;
}

export const reads = (name: string, kind: BindingKind = "elements"): Binding => ({
  name,
  kind,
  written: false,
});
export const writes = (name: string, kind: BindingKind = "elements"): Binding => ({
  name,
  kind,
  written: true,
});

export interface Kernel {
  readonly name: string;
  readonly bindings: readonly Binding[];
  /** Arithmetic that `body` calls; without, words are all it knows. */
  readonly library?: string;
  /** Whether points are read and written by loops over their coordinates: less to compile, slower. */
  readonly compact?: boolean;
  /** Functions of this kernel. */
  readonly functions?: string;
  /** Of the function that runs once for each thread `id`. */
  readonly body: string;
}

const TYPES: Readonly<Record<BindingKind, string>> = {
  elements: "array<vec4<u32>>",
  points: "array<vec4<u32>>",
  words: "array<u32>",
  atomics: "array<atomic<u32>>",
};

/** The whole shader. A binding x of elements or points brings load_x(i) and store_x(i, value). */
export function shaderOf(kernel: Kernel): string {
  const { bindings, library = "", functions = "", body, compact = false } = kernel;
  const declarations = bindings.flatMap(({ name, kind, written }, k) => [
    `@group(0) @binding(${k + 1}) var<storage, ${written ? "read_write" : "read"}> ${name}: ${TYPES[kind]};`,
    ...(kind === "elements" ? [elementAccess(name, written)] : []),
    ...(kind === "points" ? [pointAccess(name, written, compact)] : []),
  ]);
  return `${library}
@group(0) @binding(0) var<uniform> packed: array<vec4<u32>, ${PARAMS / 4}>;
fn param(k: u32) -> u32 { return packed[k >> 2u][k & 3u]; }
${library === "" ? "" : "fn constant() -> F { return unpack(packed[2], packed[3]); }"}
${declarations.join("\n")}
${functions}
@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let id = gid.x + gid.y * groups.x * ${GROUP}u;
${body}
}
`;
}

const elementAccess = (name: string, written: boolean): string =>
  `fn load_${name}(index: u32) -> F { return unpack(${name}[2u * index], ${name}[2u * index + 1u]); }
${written ? `fn store_${name}(index: u32, value: F) { ${name}[2u * index] = pack_lo(value); ${name}[2u * index + 1u] = pack_hi(value); }` : ""}`;

function pointAccess(name: string, written: boolean, compact: boolean): string {
  const each = (body: (k: string) => string): string =>
    compact
      ? `for (var k = 0u; k < 4u; k++) { ${body("k")} }`
      : ["0u", "1u", "2u", "3u"].map(body).join("\n  ");
  const at = (k: string): string => `8u * i + 2u * ${k}`;
  const load = each((k) => `p.c[${k}] = unpack(${name}[${at(k)}], ${name}[${at(k)} + 1u]);`);
  const store = each(
    (k) => `${name}[${at(k)}] = pack_lo(q.c[${k}]); ${name}[${at(k)} + 1u] = pack_hi(q.c[${k}]);`,
  );
  return `fn load_${name}(i: u32) -> XYZZ {
  var p: XYZZ;
  ${load}
  return p;
}
${written ? `fn store_${name}(i: u32, p: XYZZ) {\n  var q = p;\n  ${store}\n}` : ""}`;
}

/** A kernel that is ready on a device. */
export interface Program {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const COMPUTE = 4; // GPUShaderStage.COMPUTE: Node has no such global

/** @throws GpuError INVALID when the shader does not compile, LOST, HUNG */
export async function compile(device: Device, kernel: Kernel): Promise<Program> {
  const { handle } = device;
  const { layout, pipeline } = await device.checked(() => {
    const layout = handle.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "uniform" } },
        ...kernel.bindings.map(({ written }, k) => ({
          binding: k + 1,
          visibility: COMPUTE,
          buffer: { type: written ? ("storage" as const) : ("read-only-storage" as const) },
        })),
      ],
    });
    const module = handle.createShaderModule({ code: shaderOf(kernel) });
    // not the asynchronous call: Dawn aborts the process when a thread ends that waits for that
    const pipeline = handle.createComputePipeline({
      layout: handle.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    return { layout, pipeline };
  });
  return { name: kernel.name, layout, pipeline };
}

/** Part of a buffer, in bytes; offsets in multiples of 256. */
export interface Part {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Puts `threads` threads of a program into the queue. */
export function dispatch(
  { handle }: Device,
  encoder: GPUCommandEncoder,
  program: Program,
  buffers: readonly (GPUBuffer | Part)[],
  threads: number,
  params: readonly number[] = [],
): void {
  if (threads === 0) return;
  const uniform = handle.createBuffer({ size: 4 * PARAMS, usage: UNIFORM, mappedAtCreation: true });
  new Uint32Array(uniform.getMappedRange()).set(params);
  uniform.unmap();
  const group = handle.createBindGroup({
    layout: program.layout,
    entries: [
      { binding: 0, resource: { buffer: uniform } },
      ...buffers.map((part, k) => ({
        binding: k + 1,
        resource: "buffer" in part ? part : { buffer: part },
      })),
    ],
  });
  const pass = encoder.beginComputePass();
  pass.setPipeline(program.pipeline);
  pass.setBindGroup(0, group);
  const groups = Math.ceil(threads / GROUP);
  const rows = Math.ceil(groups / MAX_GROUPS);
  pass.dispatchWorkgroups(Math.ceil(groups / rows), rows);
  pass.end();
}

const UNIFORM = 0x40; // GPUBufferUsage.UNIFORM
/** GPUBufferUsage of buffers that kernels work on: STORAGE, COPY_SRC, COPY_DST. */
const STORAGE = 0x80 | 0x4 | 0x8;
const READ_BACK = 0x1 | 0x8; // MAP_READ, COPY_DST

export const storageBuffer = ({ handle }: Device, bytes: number): GPUBuffer =>
  handle.createBuffer({ size: 16 * Math.max(1, Math.ceil(bytes / 16)), usage: STORAGE });

/** Copies bytes back, after all that is in the encoder, and submits. @throws GpuError LOST, HUNG, OUT_OF_MEMORY */
export async function readBack(
  device: Device,
  encoder: GPUCommandEncoder,
  from: GPUBuffer,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { handle } = device;
  const target = handle.createBuffer({ size: bytes, usage: READ_BACK });
  try {
    encoder.copyBufferToBuffer(from, 0, target, 0, bytes);
    handle.queue.submit([encoder.finish()]);
    await device.wait(target.mapAsync(1));
    return new Uint8Array(target.getMappedRange()).slice();
  } finally {
    target.destroy();
  }
}
