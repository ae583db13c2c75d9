import type { Engine, Vec } from "@foldmesh/algebra";
import type { Benchmark } from "./benchmark.ts";
import { openEngine, randomElements } from "./engine.ts";
import { leastTimes } from "./timing.ts";

/** The rounds over one quadratic and one linear table set, as a merge runs them for one child. */
export const sumcheckBenchmark: Benchmark = {
  names: ["sumcheck"],
  about: "all rounds of the quadratic and the linear sumcheck",
  run: async function* ({ quick }) {
    const log = quick ? 14 : 17;
    using engine = await openEngine();
    const tables = Array.from({ length: 4 }, () =>
      engine.Fp.fromElements(randomElements(engine.Fp.field, 2 ** log)),
    );
    const [ms] = await leastTimes([() => engine.scope(() => allRounds(engine, tables))], 5);
    yield { name: "sumcheck", size: `2^${log}`, threads: 1, ms: ms! };
  },
};

async function allRounds({ Fp }: Engine, tables: readonly Vec[]): Promise<void> {
  let [a, b, c, t] = tables.map((v) => Fp.slice(v, 0, v.length)) as [Vec, Vec, Vec, Vec];
  for (let half = a.length / 2; half >= 1; half /= 2) {
    const weights = Fp.powers(3n, half);
    const [q0] = await Fp.quadraticRound(a, b, c, weights);
    const [lo] = await Fp.linearRound(t, weights);
    const r = Fp.field.add(q0, lo);
    [a, b, c, t] = [Fp.bindTop(a, r), Fp.bindTop(b, r), Fp.bindTop(c, r), Fp.bindTop(t, r)];
  }
}
