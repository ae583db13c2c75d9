import { R1CSError } from "./errors.ts";
import { STATE_INPUT, checkInputs } from "./signals.ts";
import { MAX_STATE_SIZE } from "./step.ts";
import { type SignalShape, showSignal } from "./sym.ts";
import {
  type Budget,
  type StepInputs,
  isRecord,
  kindOf,
  parseElement,
  parseFields,
  quote,
} from "./value.ts";

export const JOB_INPUT_LIMITS: Readonly<Record<"characters" | "steps" | "values", number>> = {
  characters: 2 ** 29 - 64,
  /** A statement's index is a u32. */
  steps: 2 ** 32 - 1,
  values: 2 ** 25,
};

/** What a job computes: from z0, one step per entry, or `count` steps without private inputs. */
export type JobInput =
  | { readonly z0: readonly bigint[]; readonly steps: readonly StepInputs[] }
  | { readonly z0: readonly bigint[]; readonly count: number };

export const stepCount = (input: JobInput): number =>
  "count" in input ? input.count : input.steps.length;

/** The private inputs of step i. */
export const stepInputs = (input: JobInput, i: number): StepInputs =>
  "count" in input ? {} : (input.steps[i] ?? {});

/**
 * Checks every step's private inputs against the program's, by name, number and shape: before long work,
 * so that what is wrong with the last step is not told after all others have been proven.
 * @param signals every input signal of the program, step_in among them
 * @throws R1CSError INPUT, naming step and signal
 */
export function checkJobInput(input: JobInput, signals: readonly SignalShape[]): void {
  const wanted = signals.filter(({ name }) => name !== STATE_INPUT);
  if (!("count" in input)) return input.steps.forEach((step, i) => checkStep(step, i, wanted));
  if (wanted.length === 0) return;
  const names = wanted.map(showSignal).join(", ");
  refuse(`the program has private inputs (${names}): give them by "steps": [{…}, …], not a count`);
}

function checkStep(step: StepInputs, i: number, wanted: readonly SignalShape[]): void {
  try {
    checkInputs(step, wanted);
  } catch (error) {
    if (!(error instanceof R1CSError)) throw error;
    throw new R1CSError(error.code, `step ${i}: ${error.message}`, { cause: error, step: i });
  }
}

/**
 * Reads INPUT.json: {"z0": ["1", …], "steps": [{"name": value, …}, …]}, or {"z0": …, "count": N}.
 * Values are decimal strings, 0x strings, integers below 2^53 or nested arrays of them.
 * @param source the text, or the document already parsed
 * @throws R1CSError INPUT (names the place, such as steps[3].block[2]), TOO_LARGE
 */
export function parseJobInput(source: unknown): JobInput {
  const json = typeof source === "string" ? parseJSON(source) : source;
  if (!isRecord(json))
    refuse(`the input must be an object with z0 and steps, it is ${kindOf(json)}`);
  const unknown = Object.keys(json).find((key) => !["z0", "steps", "count"].includes(key));
  if (unknown !== undefined) {
    refuse(`the input has ${quote(unknown)}; z0, steps and count are read`);
  }
  const z0 = parseState(json["z0"]);
  if ((json["steps"] === undefined) === (json["count"] === undefined)) {
    refuse('give either "steps": [{…}, …] or, for a step without private inputs, "count": N');
  }
  if (json["steps"] === undefined) return { z0, count: parseCount(json["count"]) };
  return { z0, steps: parseSteps(json["steps"]) };
}

function parseJSON(text: string): unknown {
  if (text.length > JOB_INPUT_LIMITS.characters) {
    throw new R1CSError("TOO_LARGE", `the input has ${text.length} characters`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new R1CSError("INPUT", `the input is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parseState(json: unknown): bigint[] {
  if (!Array.isArray(json) || json.length < 1 || json.length > MAX_STATE_SIZE) {
    const what = Array.isArray(json) ? `has ${json.length} elements` : `is ${kindOf(json)}`;
    refuse(`z0 must be an array of 1 to ${MAX_STATE_SIZE} elements, it ${what}`);
  }
  return json.map((x, i) => parseElement(x, `z0[${i}]`));
}

function parseCount(json: unknown): number {
  if (!Number.isSafeInteger(json) || (json as number) < 1) {
    refuse("count must be a positive integer");
  }
  return checkSteps(json as number);
}

function parseSteps(json: unknown): StepInputs[] {
  if (!Array.isArray(json) || json.length === 0) {
    refuse("steps must be an array with at least one object, the private inputs of each step");
  }
  checkSteps(json.length);
  const budget: Budget = { values: JOB_INPUT_LIMITS.values };
  return json.map((step: unknown, i) => {
    if (!isRecord(step)) refuse(`steps[${i}] must be an object of inputs, it is ${kindOf(step)}`);
    if ("step_in" in step) {
      refuse(`steps[${i}] gives step_in, which is the state and comes from z0 and the step before`);
    }
    return parseFields(step, `steps[${i}]`, budget);
  });
}

function checkSteps(count: number): number {
  if (count <= JOB_INPUT_LIMITS.steps) return count;
  throw new R1CSError("TOO_LARGE", `${count} steps; at most ${JOB_INPUT_LIMITS.steps}`);
}

function refuse(what: string): never {
  throw new R1CSError("INPUT", what);
}
