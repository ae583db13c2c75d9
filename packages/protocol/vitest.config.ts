import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/protocol", maxWorkers: "100%" } });
