import { describe, expect, it } from "vitest";
import { isCode, listFiles, readSource, trackedFiles } from "./files.ts";
import { exportedBy, exportedFiles } from "./manifests.ts";
import {
  barrelViolations,
  browserViolations,
  floorViolations,
  importsOf,
  insideViolations,
  lengthViolations,
  placeViolations,
  towerViolations,
} from "./rules.ts";

const paths = listFiles();
const code = paths.filter(isCode).map(readSource);
const manifests = paths
  .filter((path) => /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
  .map(readSource);
const exported = new Set(manifests.flatMap(exportedBy));
const entries = new Set(manifests.flatMap(exportedFiles));

describe("the repository", () => {
  it("has files to look at", () => {
    expect(code.length).toBeGreaterThan(50);
    expect(exported).toContain("@foldmesh/algebra");
  });
  it("imports go down only", () => expect(code.flatMap(floorViolations)).toEqual([]));
  it("the towers know nothing of each other", () =>
    expect(code.flatMap(towerViolations)).toEqual([]));
  it("no package reaches into another's inside", () =>
    expect(code.flatMap((file) => insideViolations(file, exported))).toEqual([]));
  it("what must run in a browser leaves Node alone", () =>
    expect(code.flatMap(browserViolations)).toEqual([]));
  it("one entry file a package", () =>
    expect(code.flatMap((file) => barrelViolations(file, entries))).toEqual([]));
  it("no file is longer than 500 lines", () => expect(code.flatMap(lengthViolations)).toEqual([]));
  it("names no machine path and no registry host", () => {
    const texts = trackedFiles().filter((path) => !/\.(wasm|bin|proof|png|ico)$/.test(path));
    expect(texts.map(readSource).flatMap(placeViolations)).toEqual([]);
  });
});

/** The rules themselves, on files that break them. */
describe("the rules", () => {
  const file = (path: string, text: string): { path: string; text: string } => ({ path, text });
  const importing = (path: string, specifier: string): { path: string; text: string } =>
    file(path, `import { x } from "${specifier}";\n`);

  it("read every form of import and no comment", () => {
    const text = `import a from "a";
      import type { B } from 'b';
      import "c";
      export * from "d";
      const e = await import("e");
      // import f from "f";
      /* export * from "g"; */`;
    expect(importsOf(file("x.ts", text))).toEqual(["a", "b", "c", "d", "e"]);
  });
  it("refuse an import upwards or sideways", () => {
    const path = "packages/r1cs/src/a.ts";
    expect(floorViolations(importing(path, "@foldmesh/algebra"))).toEqual([]);
    expect(floorViolations(importing(path, "@foldmesh/folding"))).toHaveLength(1);
    expect(floorViolations(importing(path, "@foldmesh/market"))).toHaveLength(1);
    expect(floorViolations(importing(path, "@foldmesh/unheard"))).toHaveLength(1);
    expect(floorViolations(file("packages/unheard/src/a.ts", ""))).toHaveLength(1);
  });
  it("let tests use the programs, and nothing that ships", () => {
    expect(floorViolations(importing("packages/r1cs/test/a.ts", "@foldmesh/programs"))).toEqual([]);
    expect(floorViolations(importing("packages/r1cs/src/a.ts", "@foldmesh/programs"))).toHaveLength(
      1,
    );
  });
  it("refuse a look into the other tower", () => {
    expect(
      towerViolations(importing("packages/network/src/a.ts", "@foldmesh/algebra")),
    ).toHaveLength(1);
    expect(
      towerViolations(importing("packages/folding/src/a.ts", "@foldmesh/protocol")),
    ).toHaveLength(1);
    expect(towerViolations(importing("packages/node/src/a.ts", "@foldmesh/algebra"))).toEqual([]);
  });
  it("refuse a reach into another package", () => {
    const known = new Set(["@foldmesh/r1cs", "@foldmesh/r1cs/node"]);
    const at = (specifier: string): string[] =>
      insideViolations(importing("packages/folding/src/a.ts", specifier), known);
    expect(at("@foldmesh/r1cs/node")).toEqual([]);
    expect(at("@foldmesh/r1cs/src/step.ts")).toHaveLength(1);
    expect(at("../../r1cs/src/step.ts")).toHaveLength(1);
    expect(at("../test/vectors.ts")).toEqual([]);
  });
  it("refuse Node's modules where a browser runs", () => {
    expect(browserViolations(importing("packages/folding/src/a.ts", "node:fs"))).toHaveLength(1);
    expect(browserViolations(importing("packages/r1cs/src/node/a.ts", "node:fs"))).toEqual([]);
    expect(browserViolations(importing("packages/r1cs/src/load-node.ts", "node:fs"))).toEqual([]);
    expect(browserViolations(importing("packages/algebra/src/node-rank.ts", "node:fs"))).toEqual(
      [],
    );
    expect(browserViolations(importing("packages/folding/src/node.ts", "node:fs"))).toHaveLength(1);
    expect(browserViolations(importing("packages/algebra/src/codegen/a.ts", "node:fs"))).toEqual(
      [],
    );
    expect(browserViolations(importing("packages/folding/test/a.ts", "node:fs"))).toEqual([]);
  });
  it("refuse long files, inner barrels, machine paths and registry hosts", () => {
    expect(lengthViolations(file("a.ts", "\n".repeat(501)))).toHaveLength(1);
    expect(lengthViolations(file("a.ts", "\n".repeat(500)))).toEqual([]);
    const inner = file("packages/algebra/src/wasm/index.ts", "");
    expect(barrelViolations(inner, new Set())).toHaveLength(1);
    expect(barrelViolations(inner, new Set([inner.path]))).toEqual([]);
    const bad = ["see /", "work/main\nhttps://registry", ".npmjs.org"].join("");
    expect(placeViolations(file("a.md", bad))).toHaveLength(2);
    expect(placeViolations(file("a.md", "the /works/ of art, ./work/x"))).toEqual([]);
  });
});
