#!/usr/bin/env node
import { enableCompileCache } from "node:module";

enableCompileCache(); // halves the time to start
const { runCommandLine } = await import("./cli.ts");
const { EXIT } = await import("./errors.ts");

// A reader that went away (`foldmesh bench | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`error: the output could not be written (${error.message})\n`);
  process.exit(EXIT.unusable);
});

const args = process.argv.slice(2);
// `pnpm foldmesh -- prove` hands the dashes on.
const code = await runCommandLine(args[0] === "--" ? args.slice(1) : args);
// Everything is out, or its failure has been told above: only then the code holds.
process.stdout.write("", (error) => {
  if (!error) process.exit(code);
});
