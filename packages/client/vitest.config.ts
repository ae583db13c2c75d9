import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/client", testTimeout: 30_000 } });
