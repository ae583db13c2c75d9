import { configDefaults, defineProject } from "vitest/config";

export default defineProject({
  test: { name: "test", exclude: [...configDefaults.exclude, "e2e/**", "faults/**"] },
});
