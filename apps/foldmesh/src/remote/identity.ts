// Who a request comes from. Each has a key of its own, made of this machine's secret and the request's name: asking
// again by that name is the same requester with the same id, and two jobs do not tell that one person asked for both.
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { loadIdentity } from "@foldmesh/node";
import { makeDataDirectory } from "../io/data-dir.ts";
import { type RequestMemory, openMemory } from "./memory.ts";

export interface RequestIdentity {
  /** what the user calls it */
  readonly name: string;
  /** by that name it may have been asked for before */
  readonly isNamed: boolean;
  /** Ed25519 seed */
  readonly privateKey: Uint8Array;
  /** the request's nonce, hex */
  readonly id: string;
  readonly memory: RequestMemory;
}

/** @param given default: a fresh one, which nobody can ask again by accident */
export async function requestIdentity(dataDir: string, given?: string): Promise<RequestIdentity> {
  const name = given ?? randomBytes(8).toString("hex");
  await makeDataDirectory(dataDir);
  const secret = await loadIdentity(clientDirectory(dataDir));
  const derive = (use: string): Buffer =>
    createHash("sha256").update(`foldmesh-${use}-v1`).update(secret).update(name).digest();
  const id = derive("request").toString("hex");
  return {
    name,
    isNamed: given !== undefined,
    privateKey: new Uint8Array(derive("requester")),
    id,
    memory: await openMemory(join(clientDirectory(dataDir), "requests"), id),
  };
}

/** The secret of a machine's requests lies beside its daemon's key, which a running daemon uses. */
export const clientDirectory = (dataDir: string): string => join(dataDir, "client");
