import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/node", testTimeout: 90_000 } });
