// The rules of the house as functions of source text; each returns what breaks it, as sentences.
import { posix } from "node:path";
import type { SourceFile } from "./files.ts";
import { BROWSER, FLOORS, SCOPE, TOWERS } from "./house.ts";

const MAX_LINES = 500;

/** Module specifiers that a source file imports. */
export function importsOf({ text }: SourceFile): string[] {
  const code = text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const found = code.matchAll(/\b(?:from|import)\s*\(?\s*(["'])([^"'\n]+)\1/g);
  return [...found].map((match) => match[2]!);
}

/** The package that a file belongs to: "algebra", or null outside packages/. */
export const packageOf = (path: string): string | null =>
  /^packages\/([^/]+)\//.exec(path)?.[1] ?? null;

/** The package that a specifier names: "r1cs" for "@foldmesh/r1cs/node". */
const packageNamed = (specifier: string): string | null =>
  specifier.startsWith(SCOPE) ? specifier.slice(SCOPE.length).split("/")[0]! : null;

/** What breaks "imports go down only". The programs are data: tests and benchmarks may use them from anywhere. */
export function floorViolations(file: SourceFile): string[] {
  const from = packageOf(file.path);
  if (from === null) return [];
  if (FLOORS[from] === undefined) return [`${file.path}: package ${from} has no floor in house.ts`];
  const isShipped = file.path.startsWith(`packages/${from}/src/`);
  return importsOf(file).flatMap((specifier) => {
    const to = packageNamed(specifier);
    if (to === null || to === from || (to === "programs" && !isShipped)) return [];
    const [here, there] = [FLOORS[from]!, FLOORS[to] ?? Infinity];
    if (there < here) return [];
    return [`${file.path} (floor ${here}) imports ${specifier} (floor ${there})`];
  });
}

/** What breaks "the towers know nothing of each other". */
export function towerViolations(file: SourceFile): string[] {
  const towerOf = (name: string | null): string | undefined =>
    Object.keys(TOWERS).find((tower) => TOWERS[tower]!.includes(name ?? ""));
  const here = towerOf(packageOf(file.path));
  if (here === undefined) return [];
  return importsOf(file).flatMap((specifier) => {
    const there = towerOf(packageNamed(specifier));
    if (there === undefined || there === here) return [];
    return [`${file.path} (${here} tower) imports ${specifier} (${there} tower)`];
  });
}

/**
 * What breaks "no package reaches into another's inside": a relative path out of the package into another
 * one, or a deep path that the other package does not export.
 * @param exported specifiers that packages export, such as "@foldmesh/r1cs/node"
 */
export function insideViolations(file: SourceFile, exported: ReadonlySet<string>): string[] {
  return importsOf(file).flatMap((specifier) => {
    if (specifier.startsWith(SCOPE)) {
      return exported.has(specifier)
        ? []
        : [`${file.path} imports ${specifier}, which is not exported`];
    }
    if (!specifier.startsWith(".")) return [];
    const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
    const [home, other] = [workspaceOf(file.path), workspaceOf(target)];
    if (other === null || other === home) return [];
    return [`${file.path} reaches into ${other} by ${specifier}`];
  });
}

/** "packages/algebra", "apps/foldmesh" or null. */
const workspaceOf = (path: string): string | null =>
  /^(?:packages|apps)\/[^/]+/.exec(path)?.[0] ?? null;

/** Where Node's own modules may be imported: for Node only, or at build time. */
const NODE_ONLY = /\/node\/|\/node-[^/]+$|-node\.ts$|\/codegen\//;

/** What breaks "runs in a browser". */
export function browserViolations(file: SourceFile): string[] {
  const name = packageOf(file.path);
  if (name === null || !BROWSER.includes(name)) return [];
  if (!file.path.startsWith(`packages/${name}/src/`) || NODE_ONLY.test(file.path)) return [];
  return importsOf(file)
    .filter((specifier) => specifier.startsWith("node:"))
    .map((specifier) => `${file.path} imports ${specifier}: move it to a directory named node`);
}

export function lengthViolations({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  return lines > MAX_LINES ? [`${path} has ${lines} lines, at most ${MAX_LINES}`] : [];
}

/** An inner barrel: an index.ts that no package exports. */
export function barrelViolations({ path }: SourceFile, entries: ReadonlySet<string>): string[] {
  const isInner = /^packages\/[^/]+\/src\/.*index\.ts$/.test(path);
  return isInner && !entries.has(path) ? [`${path} is an inner barrel`] : [];
}

// Spelt in pieces, so that this file does not break its own rule.
const MACHINE_PATHS = new RegExp(
  `(?<![.\\w])/(?:${["work", "farm", "root", "tmp"].join("|")})/\\w`,
);
const REGISTRY_HOSTS = new RegExp(
  ["registry\\.[a-z]+js", "registry\\.yarnpkg", "deb\\.debian", "pypi\\.python"].join("|"),
);

/** What only one machine has, or names where packages come from. */
export function placeViolations({ path, text }: SourceFile): string[] {
  return text.split("\n").flatMap((line, i) => {
    const found = MACHINE_PATHS.exec(line) ?? REGISTRY_HOSTS.exec(line);
    return found === null ? [] : [`${path}:${i + 1} names ${found[0]}…`];
  });
}
