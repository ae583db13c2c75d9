/** Runs work one after the other, in the order asked; a failure is its caller's alone. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

export function createMutex(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work);
    last = run.catch(() => undefined);
    return run;
  };
}
