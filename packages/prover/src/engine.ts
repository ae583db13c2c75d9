// Which engine a worker of this process computes with.

import { type Engine, bigintEngine } from "@foldmesh/algebra";

export const openEngine = async (): Promise<Engine> => bigintEngine();
