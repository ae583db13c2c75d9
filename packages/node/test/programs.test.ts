// Programs that strangers name may be large.

import { encodeBundle, openBundle } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { type Network, cidOfBytes } from "@foldmesh/network";
import { programDir } from "@foldmesh/programs";
import { expect, test } from "vitest";
import type { BlobShelf } from "../src/blob-shelf.ts";
import { createPrograms } from "../src/programs.ts";

function shelved(bundle: Uint8Array) {
  const blobs = {
    download: () => Promise.resolve(),
    fetch: () => Promise.resolve(new Uint8Array(bundle)),
  } as unknown as Network["blobs"];
  const shelf = {
    publish: () => undefined,
    size: () => Promise.resolve(bundle.length),
  } as unknown as BlobShelf;
  return createPrograms({ blobs }, shelf);
}

test("a large program is opened while this thread goes on, as it would be here, and its memory counts", async () => {
  const bundle = encodeBundle(await readBundle(programDir("sha256")));
  const programs = shelved(bundle);
  let turns = 0;
  const watch = setInterval(() => turns++, 5);
  const program = await programs.get(cidOfBytes(bundle), []);
  clearInterval(watch);
  expect(turns).toBeGreaterThan(10);
  expect(programs.held()).toBe(bundle.length);
  const { step, digest, inputs } = openBundle(bundle);
  const { step: opened } = program;
  expect(program).toMatchObject({ digest, inputs });
  expect(opened.r1cs.field).toBe(step.r1cs.field);
  for (const name of ["A", "B", "C"] as const) {
    const [ours, theirs] = [opened.r1cs[name], step.r1cs[name]];
    expect(ours.table).toEqual(theirs.table);
    for (const part of ["rowStart", "column", "coefficient"] as const) {
      expect(Buffer.compare(Buffer.from(ours[part].buffer), Buffer.from(theirs[part].buffer))).toBe(
        0,
      );
    }
  }
});

test("a large bundle that is no program gives the same sentence as a small one", async () => {
  const bundle = new Uint8Array(2 ** 21);
  const get = shelved(bundle).get(cidOfBytes(bundle), []);
  await expect(get).rejects.toMatchObject({ name: "ClientError", code: "BAD_BUNDLE" });
});

test("whoever asked for a large program and went away stops its opening, and nobody else's", async () => {
  const bundle = encodeBundle(await readBundle(programDir("sha256")));
  const programs = shelved(bundle);
  const leaving = new AbortController();
  const first = programs.get(cidOfBytes(bundle), [], leaving.signal);
  const second = programs.get(cidOfBytes(bundle), []);
  setTimeout(() => leaving.abort(), 1);
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  expect((await second).digest).toEqual(openBundle(bundle).digest);
});
