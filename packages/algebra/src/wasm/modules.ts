import type { BackendName } from "../codegen/backend.ts";

/** Compiles build/<name>.wasm; where the bytes come from is the platform's business. */
export type ModuleLoader = (name: string) => Promise<WebAssembly.Module>;

export type CompiledModules = Readonly<Record<string, WebAssembly.Module>>;

/** Modules an engine on this backend instantiates. */
const moduleNames = (backend: BackendName): string[] => [
  ...["Fp", "Fq", "G1", "Grumpkin"].map((subject) => `${subject}-${backend}`),
  "msm",
];

export async function loadModules(
  load: ModuleLoader,
  backend: BackendName,
): Promise<CompiledModules> {
  const names = moduleNames(backend);
  const modules = await Promise.all(names.map((name) => load(name)));
  return Object.fromEntries(names.map((name, i) => [name, modules[i]!]));
}

/** Loader for browsers: fetches from a directory that serves build/. */
export const fetchModules =
  (directory: URL): ModuleLoader =>
  (name) =>
    WebAssembly.compileStreaming(fetch(new URL(`${name}.wasm`, directory)));
