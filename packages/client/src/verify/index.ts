export { type KernelOptions } from "./kernels.ts";
export { type VerifyingKey, openKey } from "./key.ts";
export { type DeriveOptions, deriveKey } from "./derive.ts";
export {
  type Expected,
  type Statement,
  type Verdict,
  claimOf,
  originOf,
  verify,
} from "./verify.ts";
