import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/jobs", maxWorkers: "100%" } });
