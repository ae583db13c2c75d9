import { configDefaults, defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "test",
    maxWorkers: "100%",
    exclude: [...configDefaults.exclude, "e2e/**", "faults/**"],
  },
});
