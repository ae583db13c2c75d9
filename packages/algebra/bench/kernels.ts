// Micro benchmark of the field kernels against ffjavascript (wasmcurves), circomlibjs and poseidon-lite
// in one run: `node bench/kernels.ts`. Candidates take turns in short slices, so that a busy machine
// disturbs all of them alike; the best slice counts.

// @ts-expect-error no types
import { buildPoseidon } from "circomlibjs";
// @ts-expect-error no types
import { buildBn128 } from "ffjavascript";
import { poseidon2 } from "poseidon-lite";
import { type SparseMatrix, type Vec, type WasmEngine, Fp, createEngine } from "../src/index.ts";
import { readModules } from "../src/wasm/load-node.ts";

type Candidates = Record<string, { readonly run: () => void; readonly per: number }>;

const SLICES = 25;
const SLICE_MS = 4;

/** Best time of each candidate in ns for each of its `per` units. */
function measure(candidates: Candidates): Record<string, number> {
  const counts = Object.entries(candidates).map(([name, { run }]) => {
    const start = performance.now();
    let n = 0;
    while (performance.now() - start < 60 || n < 3) {
      run();
      n++;
    }
    return [name, Math.max(1, Math.round((n * SLICE_MS) / (performance.now() - start)))] as const;
  });
  const best: Record<string, number> = {};
  for (let slice = 0; slice < SLICES; slice++) {
    for (const [name, count] of counts) {
      const { run, per } = candidates[name]!;
      const start = performance.now();
      for (let i = 0; i < count; i++) run();
      const each = ((performance.now() - start) * 1e6) / (count * per);
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, each);
    }
  }
  return best;
}

function report(title: string, unit: string, baseline: string, candidates: Candidates): void {
  const times = measure(candidates);
  console.log(`\n${title}`);
  for (const [name, ns] of Object.entries(times)) {
    const scaled = unit === "µs" ? ns / 1000 : ns;
    const ratio = times[baseline]! / ns;
    console.log(
      `  ${name.padEnd(28)} ${scaled.toFixed(2).padStart(9)} ${unit}  ${ratio.toFixed(2)}×`,
    );
  }
}

/** A wasmcurves module with a loop of n multiplications of 64 independent elements. */
async function wasmcurves(): Promise<any> {
  return buildBn128(true, (module: any) => {
    const f = module.addFunction("bench_multiply");
    for (const name of ["x", "y", "n"]) f.addParam(name, "i32");
    for (const name of ["i", "p"]) f.addLocal(name, "i32");
    const c = f.getCodeBuilder();
    const index = c.i32_and(c.getLocal("i"), c.i32_const(63));
    f.addCode(
      c.setLocal("i", c.getLocal("n")),
      c.block(
        c.loop(
          c.setLocal("p", c.i32_add(c.getLocal("x"), c.i32_mul(c.i32_const(32), index))),
          c.call("frm_mul", c.getLocal("p"), c.getLocal("y"), c.getLocal("p")),
          c.setLocal("i", c.i32_sub(c.getLocal("i"), c.i32_const(1))),
          c.br_if(1, c.i32_eqz(c.getLocal("i"))),
          c.br(0),
        ),
      ),
    );
    module.exportFunction("bench_multiply");
  });
}

const N = 1024;
const elements = (n: number, seed: bigint): bigint[] =>
  Array.from({ length: n }, (_, i) => Fp.pow(BigInt(i) + seed, 1234567890123456789n));

function multiplication(engines: WasmEngine[], reference: any): void {
  const { tm } = reference;
  const [x, y] = [tm.alloc(64 * 32), tm.alloc(32)];
  for (let i = 0; i < 65; i++) {
    const at = i < 64 ? x + 32 * i : y;
    tm.setBuff(at, reference.Fr.e(elements(1, BigInt(i + 2))[0]));
  }
  const candidates: Candidates = {
    wasmcurves: { run: () => tm.instance.exports.bench_multiply(x, y, N), per: N },
  };
  for (const { name, Fp: V, context } of engines) {
    const address = (v: Vec): number => (v as Vec & { address: number }).address;
    const [a, b] = [V.fromElements(elements(N, 3n)), V.fromElements(elements(N, 7n))].map(address);
    const k = context.Fp;
    const per = N;
    candidates[`${name} mul`] = { run: () => k.mul(a!, a!, b!, N / 2), per };
    candidates[`${name} sqr`] = { run: () => k.sqr(a!, a!, N / 2), per };
    candidates[`${name} add`] = { run: () => k.add(a!, a!, b!, N / 2), per };
    const out = context.task.alloc(80);
    candidates[`${name} innerProduct`] = { run: () => k.innerProduct(out, a!, b!, N / 2), per };
    const integers = context.task.alloc(32 * N);
    candidates[`${name} toIntegers`] = { run: () => k.toIntegers(integers, a!, N / 2), per };
    candidates[`${name} fromIntegers`] = {
      run: () => void k.fromIntegers(a!, integers, N / 2),
      per,
    };
  }
  report("One element, throughput", "ns", "wasmcurves", candidates);
}

/** Rows as circom makes them: few entries, most of them ±1. */
function circuitMatrix(rows: number, unitShare: number): SparseMatrix {
  let seed = 1;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % n;
  };
  const table = [1n, Fp.modulus - 1n, ...elements(500, 100n)];
  const rowStart = [0];
  const column: number[] = [];
  const coefficient: number[] = [];
  for (let x = 0; x < rows; x++) {
    for (let k = random(7); k >= 0; k--) {
      column.push(random(rows));
      const unit = random(100) < unitShare;
      coefficient.push(unit ? random(2) : 2 + random(500));
    }
    rowStart.push(column.length);
  }
  const [s, c, e] = [rowStart, column, coefficient].map((list) => Uint32Array.from(list));
  return { rows, columns: rows, rowStart: s!, column: c!, coefficient: e!, table };
}

function sparse(engines: WasmEngine[], reference: any): void {
  const rows = 1 << 14;
  const { tm } = reference;
  const exports = tm.instance.exports;
  const zs = elements(64, 5n);
  const [z, out, t, table] = [rows, 1, 1, 502].map((n) => tm.alloc(32 * n));
  for (const share of [0, 40, 80]) {
    const m = circuitMatrix(rows, share);
    const per = m.column.length;
    m.table.forEach((k, i) => tm.setBuff(table + 32 * i, reference.Fr.e(k)));
    const candidates: Candidates = {
      "wasmcurves, called from JS": {
        per,
        run: () => {
          for (let x = 0; x < rows; x++) {
            exports.frm_zero(out);
            for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
              exports.frm_mul(table + 32 * m.coefficient[e]!, z + 32 * m.column[e]!, t);
              exports.frm_add(out, t, out);
            }
          }
        },
      },
    };
    for (const { name, Fp: V, context } of engines) {
      const matrix = V.matrix(m);
      const v = V.fromElements(Array.from({ length: rows }, (_, i) => zs[i % 64]!));
      candidates[name] = {
        per,
        run: () => {
          const mark = context.task.mark();
          V.multiply(matrix, v);
          context.task.release(mark);
        },
      };
    }
    const title = `Sparse product, 2^14 rows, ${share} % of the coefficients ±1, one entry`;
    report(title, "ns", "wasmcurves, called from JS", candidates);
  }
}

async function poseidon(engines: WasmEngine[]): Promise<void> {
  const circom = await buildPoseidon();
  const inputs = new Uint8Array(64);
  inputs.set(circom.F.e(5n), 0);
  inputs.set(circom.F.e(6n), 32);
  const batch = Array.from({ length: 64 }, (_, i) => [0n, BigInt(i), 6n]);
  const small: Candidates = {
    circomlibjs: { run: () => circom(inputs), per: 1 },
    "poseidon-lite": { run: () => poseidon2([5n, 6n]), per: 1 },
  };
  const wide: Candidates = {
    circomlibjs: { run: () => circom(Array.from({ length: 16 }, () => circom.F.one)), per: 1 },
  };
  const state = elements(17, 9n);
  for (const engine of engines) {
    small[`${engine.name}, batch`] = { run: () => engine.permuteAll(batch), per: batch.length };
    small[`${engine.name}, single`] = { run: () => engine.permute(batch[0]!), per: 1 };
    wide[engine.name] = { run: () => engine.permute(state), per: 1 };
  }
  report("Poseidon, t = 3", "µs", "circomlibjs", small);
  report("Poseidon, t = 17, one state", "µs", "circomlibjs", wide);
}

const engines = [
  await createEngine({ load: readModules, backend: "fma51" }),
  await createEngine({ load: readModules, backend: "int29" }),
];
const reference = await wasmcurves();
console.log(`Node ${process.version}`);
multiplication(engines, reference);
sparse(engines, reference);
await poseidon(engines);
await reference.terminate();
