import { defineProject } from "vitest/config";

// isolate: false keeps modules, and with them the engine, the generators and the nodes under test,
// from file to file; tests change copies only
export default defineProject({
  test: { name: "@foldmesh/folding", maxWorkers: "100%", isolate: false },
});
