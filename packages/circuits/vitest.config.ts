import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/circuits", maxWorkers: "100%" } });
