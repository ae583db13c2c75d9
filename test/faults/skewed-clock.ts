// Loaded into a daemon before its own code (node --import): its clock goes wrong by as many milliseconds as the file
// CLOCK_SKEW_FILE says, read anew at every SIGUSR2.
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env["CLOCK_SKEW_FILE"];
if (file !== undefined && isMainThread) {
  const RealDate = Date;
  const realNow = Date.now;
  let skew = 0;
  Date.now = () => realNow() + skew;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], self) =>
      Reflect.construct(target, args.length === 0 ? [Date.now()] : args, self) as Date,
  });
  const read = (): void => {
    skew = Number(readFileSync(file, "utf8"));
  };
  read();
  process.on("SIGUSR2", read);
}
