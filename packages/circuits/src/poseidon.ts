import { assert, chainBlocks } from "@foldmesh/algebra";
import type { Builder } from "./builder.ts";
import type { LinearForm, PoseidonForms } from "./poseidon-forms.ts";

/** x⁵ in three constraints. */
function sboxGadget<V>(cs: Builder<V>, x: V): V {
  const x2 = cs.mul(x, x);
  const x4 = cs.mul(x2, x2);
  return cs.mul(x4, x);
}

/**
 * Lanes 0 … lanes−1 of Perm_t(inputs) as linear combinations; three constraints per S-box and nothing
 * left free. Asking for fewer lanes saves work, not constraints.
 */
export function poseidonGadget<V>(
  cs: Builder<V>,
  forms: PoseidonForms,
  inputs: readonly V[],
  lanes: number,
): V[] {
  assert(inputs.length === forms.t, `Perm_${forms.t} takes ${forms.t} lanes, got ${inputs.length}`);
  const evaluate = ({ coefficients, constant }: LinearForm): V =>
    cs.linear(coefficients, basis, constant);
  let basis = inputs.map((x, i) => sboxGadget(cs, cs.linear([1n], [x], forms.firstConstants[i]!)));
  for (const round of forms.rounds) {
    const fresh = round.forms.map((form) => sboxGadget(cs, evaluate(form)));
    if (round.full) basis = fresh;
    else basis.push(...fresh);
  }
  return forms.outputs.slice(0, lanes).map(evaluate);
}

/** In-circuit `hashChain`: c = tag; for each zero-padded block of 16, c = Perm₁₇(c, block)[0]. */
export function hashChainGadget<V>(
  cs: Builder<V>,
  forms: PoseidonForms,
  tag: bigint,
  elements: readonly V[],
): V {
  let c = cs.constant(tag);
  for (const block of chainBlocks(elements, cs.zero)) {
    c = poseidonGadget(cs, forms, [c, ...block], 1)[0]!;
  }
  return c;
}
