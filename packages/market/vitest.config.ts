import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/market", maxWorkers: "100%" } });
