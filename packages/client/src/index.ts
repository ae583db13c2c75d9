export { type Bundle, MAX_BUNDLE_BYTES, encodeBundle, openBundle } from "./bundle.ts";
export type { Client, JobRequest, SubmitOptions, Submitted, WatchOptions } from "./client.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export { ClientError, type ClientErrorCode } from "./errors.ts";
export { decodeInput, encodeInput, sized } from "./input.ts";
export * from "./methods.ts";
export { suggestedCap } from "./price.ts";
export {
  type AnnouncedLot,
  type JobEvent,
  type JobUpdate,
  type Sale,
  jobUpdate,
} from "./updates.ts";
export { MAX_INPUT_ITEMS, element, elementFromHex, elementToHex, inputsCodec } from "./values.ts";
