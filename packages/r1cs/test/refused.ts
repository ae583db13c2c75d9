import { expect } from "vitest";
import { R1CSError, type R1CSErrorCode } from "@foldmesh/r1cs";

/** Expects `body` to throw an R1CSError of this code whose message matches. */
export function expectRefused(body: () => unknown, code: R1CSErrorCode, message: RegExp): void {
  expectError(caught(body), code, message);
}

/** The same for a promise. */
export async function expectRejected(
  promise: Promise<unknown>,
  code: R1CSErrorCode,
  message: RegExp,
): Promise<void> {
  const thrown: unknown = await promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
  expectError(thrown, code, message);
}

function expectError(thrown: unknown, code: R1CSErrorCode, message: RegExp): void {
  expect(thrown).toBeInstanceOf(R1CSError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) });
}

/** What `body` throws; undefined when it returns. */
export function caught(body: () => unknown): unknown {
  try {
    body();
    return undefined;
  } catch (error) {
    return error;
  }
}
