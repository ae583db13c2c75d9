import { R1CSError, limitMemory } from "@foldmesh/r1cs";
import { type WitnessRunner, createWitnessRunner } from "@foldmesh/r1cs/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { TAME, bodies, fakeProgram, leb, withFunction } from "./fake-program.ts";
import { caught, expectRefused, expectRejected } from "./refused.ts";

const MIB = 2 ** 20;
const COLUMNS = 3;
const INPUTS = { x: 1n };

function runnerOf(wasm: Uint8Array, timeLimitMs = 20_000): WitnessRunner {
  const limits = { timeLimitMs, memoryLimitBytes: 64 * MIB };
  const runner = createWitnessRunner({ wasm, columns: COLUMNS, ...limits });
  onTestFinished(() => runner.close());
  return runner;
}

describe("a tame program", () => {
  test("gives its assignment, as often as asked, also all at once", async () => {
    const runner = runnerOf(fakeProgram());
    const runs = await Promise.all([1, 2, 3].map(() => runner.run(INPUTS)));
    const ones = new Uint8Array(96);
    [0, 32, 64].forEach((offset) => (ones[offset] = 1));
    expect(runs).toEqual([ones, ones, ones]);
  });

  test("is told of inputs that it does not know, and serves on", async () => {
    const runner = runnerOf(fakeProgram());
    await expectRejected(
      runner.run({ x: [1n, 2n] }),
      "INPUT",
      /x takes 1 value\(s\), 2 were given/,
    );
    await expectRejected(runner.run({}), "INPUT", /takes 1 input values, 0 were given/);
    await expect(runner.run(INPUTS)).resolves.toHaveLength(96);
  });

  test("can be cancelled and closed", async () => {
    const runner = runnerOf(fakeProgram());
    await expectRejected(
      runner.run(INPUTS, { signal: AbortSignal.abort() }),
      "ABORTED",
      /cancelled/,
    );
    await runner.close();
    await expectRejected(runner.run(INPUTS), "ABORTED", /cancelled/);
  });
});

const hostile = (name: string, body: readonly number[]): Uint8Array => withFunction(name, ...body);

describe("a program that never ends is stopped", () => {
  test.each([
    ["in a run", hostile("init", bodies.loopForever)],
    [
      "in its start function",
      fakeProgram({
        functions: { go: { ...TAME["getRawPrime"]!, body: bodies.loopForever } },
        start: "go",
      }),
    ],
    ["growing its memory", hostile("init", bodies.growForEver)],
    ["printing messages", hostile("init", bodies.writeForEver)],
  ])("%s", async (_, wasm) => {
    const started = performance.now();
    const runner = runnerOf(wasm, 400);
    await expectRejected(runner.run(INPUTS, { step: 7 }), "TIMEOUT", /^step 7: .* within 400 ms/);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("by an abort, and by close", async () => {
    const runner = runnerOf(hostile("init", bodies.loopForever));
    const abort = new AbortController();
    const run = runner.run(INPUTS, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expectRejected(run, "ABORTED", /cancelled/);
    const again = expectRejected(runner.run(INPUTS), "ABORTED", /cancelled/);
    setTimeout(() => void runner.close(), 100);
    await again;
  });
});

describe("a program that misbehaves is refused", () => {
  const wide = 65536;
  test.each([
    ["traps", hostile("init", bodies.unreachable), "WITNESS", /unreachable/],
    ["fails an assertion", hostile("init", bodies.callException(4)), "WITNESS", /Assert Failed/],
    [
      "cannot grow beyond the limit",
      hostile("init", bodies.growOrRaise),
      "MEMORY",
      /Not enough memory/,
    ],
    [
      "computes an element that is not below p",
      hostile("getWitness", bodies.fillShared),
      "WITNESS",
      /wire 0 of the witness is not below the prime/,
    ],
    [
      "does not begin with 1",
      hostile("getWitness", bodies.storeShared(bodies.i32(2))),
      "WITNESS",
      /wire 0 of the witness must be 1/,
    ],
    [
      "has another number of wires",
      hostile("getWitnessSize", bodies.i32(-1)),
      "WITNESS",
      /computes 4294967295 wires, the circuit has 3/,
    ],
    [
      "shares an element outside its memory",
      hostile("getSharedRWMemoryStart", bodies.i32(wide)),
      "WITNESS",
      /failed/,
    ],
    [
      "shares an unaligned element",
      hostile("getSharedRWMemoryStart", bodies.i32(wide - 8)),
      "WITNESS",
      /failed/,
    ],
    [
      "is over another prime",
      hostile("getRawPrime", bodies.fillShared),
      "UNSUPPORTED",
      /another prime/,
    ],
    [
      "lacks a function",
      fakeProgram({ without: "getWitness" }),
      "UNSUPPORTED",
      /does not export the function getWitness/,
    ],
    [
      "imports something else",
      fakeProgram({
        imports: [
          ["runtime", "exceptionHandler"],
          ["wasi_snapshot_preview1", "fd_write"],
        ],
      }),
      "UNSUPPORTED",
      /imports function wasi_snapshot_preview1\.fd_write/,
    ],
    ["does not compile", hostile("init", [0xff]), "MALFORMED", /does not compile/],
    [
      "recurses for ever",
      hostile("getRawPrime", [0x10, 2 + Object.keys(TAME).indexOf("getRawPrime")]),
      "WITNESS",
      /stack/,
    ],
  ] as const)("because it %s", async (_, wasm, code, message) => {
    await expectRejected(runnerOf(wasm).run(INPUTS), code, message);
  });

  test.each([
    ["shared memory", [3, 1, 2], "UNSUPPORTED", /shared or 64-bit/],
    ["64-bit memory", [4, 1], "UNSUPPORTED", /shared or 64-bit/],
    ["4 GiB to begin with", [0, ...leb(65536)], "MEMORY", /needs 4294967296 bytes/],
  ] as const)("because it wants %s", (_, memory, code, message) => {
    expectRefused(() => runnerOf(fakeProgram({ memory })), code, message);
  });
});

describe("limiting memory", () => {
  const grown = (wasm: Uint8Array, pages: number): number => {
    const module = new WebAssembly.Module(limitMemory(wasm, 64 * MIB) as Uint8Array<ArrayBuffer>);
    const runtime = { exceptionHandler: () => {}, writeBufferMessage: () => {} };
    const { memory } = new WebAssembly.Instance(module, { runtime }).exports;
    return (memory as WebAssembly.Memory).grow(pages);
  };

  test("allows growth up to the limit and no further", () => {
    const limit = (64 * MIB) / 65_536;
    expect(grown(fakeProgram(), limit - 1)).toBe(1);
    expect(() => grown(fakeProgram(), limit)).toThrow(RangeError);
  });

  test("keeps a lower maximum of the program's own", () => {
    expect(() => grown(fakeProgram({ memory: [1, 1, 2] }), 2)).toThrow(RangeError);
  });

  test("refuses truncated modules", () => {
    const whole = fakeProgram();
    for (let length = 0; length < whole.length; length++) {
      const thrown = caught(() => limitMemory(whole.slice(0, length), MIB));
      expect(thrown === undefined || thrown instanceof R1CSError).toBe(true);
    }
    expectRefused(() => limitMemory(whole.slice(0, 30), MIB), "MALFORMED", /not a WebAssembly/);
  });
});
