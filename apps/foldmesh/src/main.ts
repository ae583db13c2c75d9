#!/usr/bin/env node
import { enableCompileCache } from "node:module";

enableCompileCache(); // halves the time to start
const { runCommandLine } = await import("./cli.ts");

// A reader that went away (`foldmesh bench | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

process.exit(await runCommandLine(process.argv.slice(2)));
