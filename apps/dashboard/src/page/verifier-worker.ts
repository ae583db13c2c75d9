// The verifying thread: keys by their digests, and verdicts.

import type { Bundle } from "@foldmesh/client";
import { type VerifyingKey, claimOf, deriveKey, openKey, verify } from "@foldmesh/client/verify";
import { type Program, openProgram } from "@foldmesh/r1cs";
import { keepKey, keptKey } from "./key-shelf.ts";
import type { Calls, CallName, KeyInfo, Reply, Request } from "./verifier-messages.ts";

type Progress = (done: number, total: number) => void;
type Handlers = {
  [K in CallName]: (
    argument: Calls[K]["argument"],
    progress: Progress,
  ) => Promise<Calls[K]["result"]>;
};

const keys = new Map<string, VerifyingKey>();
/** Keys derived in this thread, by program and leaf. */
const derived = new Map<string, KeyInfo>();

const handlers: Handlers = {
  async derive({ program: bundle, stepsPerLeaf }, progress) {
    const started = performance.now();
    const program = openBundle(bundle);
    checkLeaf(program, stepsPerLeaf);
    const name = `${program.digest}-${stepsPerLeaf}`;
    const ready = derived.get(name);
    if (ready !== undefined) return ready;
    const kept = await keptKey(name);
    const file = kept ?? (await deriveKey(program, { stepsPerLeaf, onProgress: progress }));
    const key = await openKey(file);
    if (key.programDigest !== program.digest || key.stepsPerLeaf !== stepsPerLeaf) {
      throw new Error("the key that this browser kept is another's: clear the page's data");
    }
    if (kept === undefined) await keepKey(name, new Uint8Array(file));
    const info = shelve(key, file, kept === undefined ? "derived" : "kept", started);
    derived.set(name, info);
    return info;
  },
  async open({ file, digest }) {
    const started = performance.now();
    const key = await openKey(file, digest === undefined ? {} : { digest });
    return shelve(key, file, "file", started);
  },
  async verify({ key: digest, proof, asked }) {
    const key = keys.get(digest);
    if (key === undefined) throw new Error("this key was never opened");
    const started = performance.now();
    const zn = asked.zn ?? claimOf(key, proof)?.zn ?? [];
    const verdict = await verify(key, proof, { ...asked, zn });
    return { verdict, ms: performance.now() - started };
  },
};

const openBundle = ({ manifest, files }: Bundle): Program => openProgram(manifest, files);

/** Rows beyond which no planner chains steps. */
const PLAUSIBLE_ROWS = 2 ** 18;
/** The largest step that a page verifies: it derives a generator for each row or wire. */
const PLAUSIBLE_STEP = 2 ** 20;

/** A gateway's word for the number of steps must not make the page build a huge circuit. */
function checkLeaf({ step: { r1cs } }: Program, stepsPerLeaf: number): void {
  const rows = stepsPerLeaf * Math.max(r1cs.A.rows, r1cs.columns);
  if (rows <= (stepsPerLeaf === 1 ? PLAUSIBLE_STEP : PLAUSIBLE_ROWS)) return;
  throw new Error(
    `the gateway proves leaves of ${stepsPerLeaf} steps, ${rows} rows: more than this page verifies`,
  );
}

function shelve(
  key: VerifyingKey,
  file: Uint8Array,
  source: KeyInfo["source"],
  started: number,
): KeyInfo {
  keys.set(key.digest, key);
  const { digest, programDigest, stepsPerLeaf, stateSize } = key;
  const ms = performance.now() - started;
  return { digest, programDigest, stepsPerLeaf, stateSize, bytes: file.length, source, ms };
}

const send = (reply: Reply): void => postMessage(reply);

/** One after the other: each takes the whole thread. */
let last: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  last = last.then(() => answer(data));
});

async function answer({ id, call, argument }: Request): Promise<void> {
  const progress: Progress = (done, total) => send({ id, ok: "progress", done, total });
  try {
    const handle = handlers[call] as (argument: unknown, progress: Progress) => Promise<never>;
    send({ id, ok: true, result: await handle(argument, progress) });
  } catch (error) {
    send({ id, ok: false, message: error instanceof Error ? error.message : String(error) });
  }
}
