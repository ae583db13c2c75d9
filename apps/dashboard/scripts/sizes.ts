// What bundles weigh.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Plugin, build } from "esbuild";

/** Bytes, plain and compressed. */
export interface Size {
  readonly bytes: number;
  readonly gzip: number;
}

export const sizeOf = async (content: Uint8Array): Promise<Size> => ({
  bytes: content.length,
  gzip: (await promisify(gzip)(content, { level: 9 })).length,
});

/** G2 and pairings, which only keys bound to powers of tau take. */
const PAIRINGS: Plugin = {
  name: "without pairings",
  setup: (builder) =>
    builder.onLoad({ filter: /\/algebra\/src\/kzg\/(?:g2|pairing)\.ts$/ }, async ({ path }) => {
      const names = (await readFile(path, "utf8")).matchAll(/^export (?:const|function) (\w+)/gm);
      return { contents: [...names].map(([, name]) => `export const ${name} = 0;`).join("\n") };
    }),
};

/** What an application adds to itself by verifying: @foldmesh/client/verify and all that it takes, but the kernels. */
export async function verifierSize(options: { pairings: boolean }): Promise<Size> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve("@foldmesh/client/verify"))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    minify: true,
    write: false,
    legalComments: "none",
    plugins: options.pairings ? [] : [PAIRINGS],
  });
  return sizeOf(outputFiles[0]!.contents);
}
