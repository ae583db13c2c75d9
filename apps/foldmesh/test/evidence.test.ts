import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeDossier } from "@foldmesh/node";
import { type Award, type Signer, equivocation, signMessage } from "@foldmesh/protocol";
import { createNetwork } from "@foldmesh/network";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Finished, type Workplace, makeWorkplace, runCLI } from "./run-cli.ts";

let workplace: Workplace;
let signer: Signer;
const run = (...args: string[]): Promise<Finished> => runCLI(["evidence", ...args], workplace.path);

beforeAll(async () => {
  workplace = await makeWorkplace();
  const network = await createNetwork({
    privateKey: new Uint8Array(32).fill(9),
    directory: "client",
    reach: "local",
    topics: [],
  });
  ({ signer } = network);
  await network.stop();
});
afterAll(() => workplace[Symbol.asyncDispose]());

const AUCTION = "bafkreifxkh4qudmk7bcsqn2ynjx4j2p7gqusw7wpbylp6kxzecwnqh3mce";
const OTHER = "bafkreifxkh4qudmk7bcsqn2ynjx4j2p7gqusw7wpbylp6kxzecwnqh3mce".replace("fxkh", "fxkj");

/** Evidence of two awards, for one auction or for two. */
async function write(path: string, second: string): Promise<void> {
  const award = (auction: string, digest: string): Award => ({ auction, lots: [], digest });
  const one = await signMessage(signer, "Award", award(AUCTION, "11".repeat(32)));
  const two = await signMessage(signer, "Award", award(second, "22".repeat(32)));
  const { bytes: message } = await signMessage(signer, "Evidence", equivocation(one, two));
  await writeFile(join(workplace.path, path), encodeDossier({ message, blobs: [] }));
}

it("two awards for one auction are proven, with who signed them", async () => {
  await mkdir(join(workplace.path, "evidence"));
  await write("evidence/x.evidence", AUCTION);
  const { code, stdout } = await run("verify", "evidence/x.evidence");
  expect(stdout).toContain(`proven: ${signer.peer} cheated`);
  expect(stdout).toMatch(/it signed two different messages Award for one place/);
  expect(code).toBe(0);
  const listed = await run("list", "--data", ".");
  expect(listed.stdout).toMatch(/1 piece of evidence\n.*x\.evidence +equivocation of …/);
});

it("awards of two auctions prove nothing, and other bytes are no evidence", async () => {
  await write("nothing", OTHER);
  const { code, stdout } = await run("verify", "nothing");
  expect(stdout).toMatch(/not proven\n.*do not contradict each other/);
  expect(code).toBe(1);
  await writeFile(join(workplace.path, "garbage"), "hello");
  const refused = await run("verify", "garbage");
  expect(refused.stderr).toMatch(/garbage is no evidence/);
  expect(refused.code).toBe(2);
});
