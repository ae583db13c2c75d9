import { bigintEngine } from "../src/index.ts";
import { createEngine } from "../src/wasm/engine.ts";
import { readModules } from "../src/wasm/load-node.ts";
import { engineCompliance } from "./engine-compliance.ts";

engineCompliance("bigint", async () => bigintEngine());
engineCompliance("fma51", () => createEngine({ load: readModules, backend: "fma51" }));
engineCompliance("int29", () => createEngine({ load: readModules, backend: "int29" }));
