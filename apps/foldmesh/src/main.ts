#!/usr/bin/env node
import { enableCompileCache } from "node:module";

enableCompileCache(); // halves the time to start
const { runCommandLine } = await import("./cli.ts");

// A reader that went away (`foldmesh bench | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

const args = process.argv.slice(2);
// `pnpm foldmesh -- prove` hands the dashes on.
process.exit(await runCommandLine(args[0] === "--" ? args.slice(1) : args));
