import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/network", testTimeout: 20_000 } });
