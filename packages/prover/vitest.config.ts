import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/prover", testTimeout: 60_000 } });
