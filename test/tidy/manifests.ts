// What the packages of the workspace offer.
import { posix } from "node:path";
import type { SourceFile } from "./files.ts";

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const parse = ({ text }: SourceFile): Manifest => JSON.parse(text) as Manifest;

/** Specifiers that a package.json exports: "@foldmesh/r1cs", "@foldmesh/r1cs/node". */
export function exportedBy(file: SourceFile): string[] {
  const { name, exports = {} } = parse(file);
  return Object.keys(exports).map((subpath) => posix.join(name, subpath));
}

/** Paths of the files behind them. */
export function exportedFiles(file: SourceFile): string[] {
  const targets = JSON.stringify(parse(file).exports ?? {}).matchAll(/"(\.\/[^"]+\.ts)"/g);
  return [...targets].map((match) => posix.join(posix.dirname(file.path), match[1]!));
}
