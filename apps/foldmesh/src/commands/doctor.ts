import { availableParallelism } from "node:os";
import { type GpuReport, reportGpu } from "@foldmesh/prover";
import { adapterNames } from "@foldmesh/webgpu/node";
import type { Command } from "commander";
import prettyBytes from "pretty-bytes";
import { openEngine } from "../bench/engine.ts";
import { cacheDirectory } from "../io/paths.ts";
import { duration, paint, printable } from "../io/terminal.ts";
import { type CommandContext, withCache, withExamples, withJSON } from "./context.ts";

const KERNELS = {
  fma51: "WebAssembly with relaxed SIMD (the fast kernels)",
  int29:
    "WebAssembly without relaxed SIMD: about four times slower; a newer processor or Node would help",
} as const;

export function addDoctor(parent: Command, context: CommandContext): void {
  const command = parent
    .command("doctor")
    .description(
      "Tell what this machine proves with: processor, kernels, GPU; and what is missing.",
    );
  withExamples(withJSON(withCache(command)), "foldmesh doctor").action(
    (options: { cache?: string }) => doctor(options, context),
  );
}

async function doctor({ cache }: { cache?: string }, { terminal }: CommandContext): Promise<void> {
  using engine = await openEngine();
  const threads = availableParallelism();
  const gpu = await reportGpu(cacheDirectory(cache), { software: true });
  const gpus = await adapterNames();
  terminal.result({ node: process.version, threads, kernels: engine.name, gpu, gpus });
  const row = (key: string, value: string): void =>
    terminal.line(`${paint("dim", key.padEnd(10))} ${value}`);
  row("node", process.version);
  row("processor", `${threads} threads`);
  row("kernels", KERNELS[engine.name]);
  for (const [key, value] of gpuRows(gpu)) row(key, printable(value));
  if (gpus.length > 1) gpus.forEach((name, i) => row(i === 0 ? "names" : "", printable(name)));
}

/** Keys and values of lines. */
export function gpuRows(report: GpuReport): [string, string][] {
  if (!report.ok) return [["gpu", `none: ${report.message}`]];
  const { facts, layout, points, ms } = report;
  const rate = Math.round((1000 * points) / ms).toLocaleString("en");
  const use = facts.software
    ? "software that plays a GPU: good for tests, never for proving; --gpu does not take it"
    : "ready: foldmesh prove --gpu, foldmesh start --gpu auto";
  return [
    ["gpu", `${facts.description || facts.device} (${facts.vendor})`],
    ["", `${prettyBytes(facts.maxBufferBytes, { binary: true })} in a buffer, limbs ${layout}`],
    ["", `${points.toLocaleString("en")} points in ${duration(ms)}: ${rate} points/s`],
    ["", use],
  ];
}
