import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/store", testTimeout: 30_000 } });
