import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/programs", testTimeout: 60_000 } });
