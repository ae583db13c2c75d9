import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/r1cs", testTimeout: 30_000 } });
