export type { Builder } from "./builder.ts";
export { ShapeBuilder } from "./shape-builder.ts";
export { WitnessBuilder } from "./witness-builder.ts";
export { type CycleFoldWitness, cycleFoldStructure, cycleFoldWitness } from "./cyclefold.ts";
export { type FixedBaseTables, type FixedBaseWindow, fixedBaseTables } from "./fixed-base.ts";
export { type MergeWitness, mergeStructure, mergeWitness } from "./merge-circuit.ts";
export {
  type MergeChild,
  type MergeInput,
  type MergeShape,
  type MergeTables,
  mergeTables,
} from "./merge-types.ts";
export type { LinearForm, PoseidonForms, PoseidonRound } from "./poseidon-forms.ts";
export {
  CYCLE_FOLD_PUBLIC,
  type ChildHeader,
  type CycleFoldInstance,
  type FreshInstance,
  type Limbs,
  type RunningInstance,
  type Statement,
  cycleFoldBlock,
  evaluationsBlock,
  freshX,
  instanceLength,
  leafPid,
  leafPidBlock,
  mergePid,
  mergePidBlock,
  openingBlock,
  pointLimbs,
  provenance,
  statementElements,
  statementHash,
} from "./statement.ts";
export type { Pair, Quad, Triple } from "./tuples.ts";
