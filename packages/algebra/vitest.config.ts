import { defineProject } from "vitest/config";

export default defineProject({ test: { name: "@foldmesh/algebra", maxWorkers: "100%" } });
