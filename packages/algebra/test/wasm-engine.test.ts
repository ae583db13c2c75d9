import { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { type Code, FunctionBuilder, type Value } from "../src/codegen/emitter.ts";
import { fieldModule } from "../src/codegen/field-module.ts";
import { fma51 } from "../src/codegen/fma51.ts";
import {
  Fp,
  G1,
  type WasmEngine,
  attachEngine,
  createEngine,
  fetchModules,
  pointsToBytes,
} from "../src/index.ts";
import { readModules } from "../src/wasm/load-node.ts";
import { createMemory } from "../src/wasm/memory.ts";
import { hasFusedMultiplyAdd } from "../src/wasm/self-test.ts";
import { drawElements } from "./edge-elements.ts";
import { drawMatrix, multiplyPlainly } from "./engine-compliance.ts";

const open = (maximumPages?: number): Promise<WasmEngine> =>
  createEngine({ load: readModules, ...(maximumPages === undefined ? {} : { maximumPages }) });

describe("choice of the backend", () => {
  test("fma51 where multiply-add is fused, as on this machine's Node", async () => {
    expect(hasFusedMultiplyAdd(await readModules("Fp-fma51"))).toBe(true);
    expect((await open()).name).toBe("fma51");
  });

  test("the self-test notices multiply-add that rounds twice", () => {
    const op = Reflect.get(FunctionBuilder.prototype, "op") as Code["op"];
    const spy = vi.spyOn(FunctionBuilder.prototype, "op");
    spy.mockImplementation(function (this: FunctionBuilder, name, ...args) {
      const [a, b, c] = args as [Value, Value, Value];
      if (name === "f64x2.relaxed_madd") {
        return op.call(this, "f64x2.add", op.call(this, "f64x2.mul", a, b), c);
      }
      if (name === "f64x2.relaxed_nmadd") {
        return op.call(this, "f64x2.sub", c, op.call(this, "f64x2.mul", a, b));
      }
      return op.call(this, name, ...args);
    });
    const unfused = fieldModule(fma51, "Fp", Fp.modulus);
    spy.mockRestore();
    expect(hasFusedMultiplyAdd(new WebAssembly.Module(unfused))).toBe(false);
  });

  test("the self-test fails a module whose products are wrong", async () => {
    // Fq's kernels under Fp's name: every product is off, as after two roundings
    const wrong = await createEngine({
      load: (name) => readModules(name === "Fp-fma51" ? "Fq-fma51" : name),
    }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ name: "int29" });
  });

  test("int29 where relaxed SIMD does not validate", async () => {
    const engine = await createEngine({
      load: async (name) => {
        if (name.endsWith("fma51")) throw new WebAssembly.CompileError("no such opcode");
        return readModules(name);
      },
    });
    expect(engine.name).toBe("int29");
  });

  test("other failures of the loader are not taken for missing features", async () => {
    const load = fetchModules(new URL("http://[::1]:1/"));
    await expect(createEngine({ load })).rejects.toThrow();
  });
});

describe("ranks over one memory", () => {
  test("an attached rank uses the creator's matrix and key", async () => {
    const first = await open();
    const second = attachEngine(first.init);
    const m = drawMatrix(Fp, 20, 30, 3n);
    const described = first.describeMatrix(first.Fp.matrix(m));
    const z = drawElements(Fp, 30, 4n);
    const product = second.Fp.multiply(second.adoptMatrix(described), second.Fp.fromElements(z));
    expect(await second.Fp.toElements(product)).toEqual(multiplyPlainly(Fp, m, z));

    const points = [2n, 3n, 4n].map((k) => G1.mul(k, [1n, 2n])!);
    const key = first.commitmentKey(G1, pointsToBytes(points.slice(1)), points[0]!);
    const adopted = second.adoptKey(structuredClone(first.describeKey(key)));
    const scalars = drawElements(Fp, 2, 5n);
    const expected = G1.msm(points, [7n, ...scalars]);
    expect(await second.commit(adopted, second.Fp.fromElements(scalars), 7n)).toEqual(expected);
  });

  test("vectors of two ranks never share a block", async () => {
    const first = await open();
    const second = attachEngine(first.init);
    const lists = Array.from({ length: 8 }, (_, i) => drawElements(Fp, 40 + i, BigInt(i)));
    const vectors = lists.map((xs, i) => (i % 2 === 0 ? first : second).Fp.fromElements(xs));
    first.permute([1n, 2n, 3n]);
    for (const [i, v] of vectors.entries()) {
      expect(await (i % 2 === 0 ? first : second).Fp.toElements(v)).toEqual(lists[i]);
    }
  });

  test("the init object reaches a worker thread", async () => {
    const engine = await open();
    const source = new URL("../src/wasm/engine.ts", import.meta.url).href;
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(${JSON.stringify(source)}).then(async ({ attachEngine }) => {
        const engine = attachEngine(workerData);
        parentPort.postMessage(engine.permute([1n, 2n, 3n]));
      });`;
    const worker = new Worker(program, { eval: true, workerData: engine.init });
    const result = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    expect(result).toEqual(engine.permute([1n, 2n, 3n]));
  });
});

describe("memory", () => {
  test("scopes give their blocks back", async () => {
    const engine = await open();
    const work = (): Promise<void> =>
      engine.scope(async () => {
        const v = engine.Fp.powers(3n, 5000);
        await engine.Fp.innerProduct(engine.Fp.inverse(v), engine.Fp.pow(v, 5n));
      });
    await work();
    const size = engine.init.memory.buffer.byteLength;
    for (let i = 0; i < 5; i++) await work();
    expect(engine.init.memory.buffer.byteLength).toBe(size);
  });

  test("scopes that overlap instead of nesting trip an assertion", async () => {
    const engine = await open();
    const gate = Promise.withResolvers<void>();
    const first = engine.scope(() => gate.promise);
    const second = engine.scope(async () => gate.promise.then(() => first));
    gate.resolve();
    await expect(first).rejects.toThrow(/nest/);
    await second.catch(() => undefined);
  });

  test("what is allocated while a commitment is pending stays allocated", async () => {
    const engine = await open();
    const key = engine.commitmentKey(G1, pointsToBytes([[1n, 2n]]), [1n, 2n]);
    const pending = engine.commit(key, engine.Fp.fromElements([3n]), 4n);
    const xs = drawElements(Fp, 3, 1n);
    const v = engine.Fp.fromElements(xs);
    expect(await pending).toEqual(G1.mul(7n, [1n, 2n]));
    for (let i = 0; i < 20; i++) engine.Fp.fromElements([BigInt(i), 8n, 9n]);
    expect(await engine.Fp.toElements(v)).toEqual(xs);
  });

  test("a full memory is a typed error, and the engine goes on", async () => {
    const engine = await open(32);
    await expect(engine.scope(async () => engine.Fp.zeros(1 << 17))).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
    });
    expect(await engine.Fp.toElements(engine.Fp.fromElements([5n]))).toEqual([5n]);
  });

  test("an impossible reservation is an assertion", () => {
    expect(() => createMemory(1)).toThrow(/maximumPages/);
  });

  test("element layouts are inverse to each other", () => {
    const bytes = fma51.pair(fma51.encodeInteger(5n, 97n), fma51.encodeInteger(96n, 97n));
    expect(fma51.unpair(bytes).map((x) => fma51.decodeInteger(x))).toEqual([5n, -1n]);
  });
});
