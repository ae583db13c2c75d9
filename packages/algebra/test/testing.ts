// For tests of other packages that stand behind algebra's ports.
export { engineCompliance } from "./engine-compliance.ts";
export { drawElements, edgeElements } from "./edge-elements.ts";
export {
  type KnownBases,
  basesOf,
  edgeScalars,
  encode,
  expected,
  progression,
  relatedBases,
} from "./msm-cases.ts";
