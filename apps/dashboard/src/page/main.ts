// The page, put together.

import { type Bundle, type Client, ClientError, connect } from "@foldmesh/client";
import { parseJobInput } from "@foldmesh/r1cs";
import { byId, messageOf, say, tell } from "./dom.ts";
import { optionalState, stateOf, wholeNumber } from "./elements.ts";
import { NO_JOB } from "./job-model.ts";
import { drawJob } from "./job-view.ts";
import { drawMembers, drawOutlines } from "./network-view.ts";
import { type KeptJob, forgetJob, keepJob, keptJob, becomeKeeper } from "./kept-job.ts";
import {
  type Ordered,
  type Taken,
  type Watcher,
  type Wish,
  follow,
  order,
  resume,
} from "./order.ts";
import { bundledProgram, programOfFiles } from "./programs.ts";
import { clearVerdict, drawVerdict, keyWords } from "./verdict-view.ts";
import { Verifier } from "./verifier.ts";

const LOOK_MS = 3_000;

const verifier = new Verifier(new URL("verifier.js", import.meta.url));
const keyStatus = byId("key-status");
let client: Client | undefined;
/** what `client` was connected with */
let line: Pick<KeptJob, "address" | "privateKey"> | undefined;
let running: AbortController | undefined;
/** Whether a job of this page outlives a reload. */
let isKeeper = false;

const LEAVING_MS = 2_000;
const AT_ONCE_MS = 50;

// ---- network

/** A field of a form, "" where it is empty or missing. */
function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

async function dial(
  address: string,
  privateKey: Uint8Array = crypto.getRandomValues(new Uint8Array(32)),
): Promise<void> {
  const status = byId("connection");
  say(status, "Connecting…");
  byId<HTMLButtonElement>("submit").disabled = true;
  await client?.close();
  client = undefined;
  const fresh = await connect({ dial: address, privateKey });
  client = fresh;
  line = { address, privateKey };
  say(status, `Connected to broker ${fresh.broker}.`, "good");
  byId<HTMLButtonElement>("submit").disabled = false;
  void lookAround(fresh);
}

/** Again and again while this is the connection. */
async function lookAround(of: Client): Promise<void> {
  while (client === of) {
    try {
      drawMembers(await of.members({ signal: AbortSignal.timeout(LOOK_MS) }), of.broker);
      drawOutlines(await of.jobs({ signal: AbortSignal.timeout(LOOK_MS) }));
    } catch {
      // a look that failed says nothing about the job: the next one may succeed
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

// ---- a job

function chosenProgram(): Promise<Bundle> {
  const chosen = byId<HTMLSelectElement>("program").value;
  const files = byId<HTMLInputElement>("program-files").files ?? [];
  return chosen === "files" ? programOfFiles(files) : bundledProgram(chosen);
}

async function readWish(form: FormData): Promise<Wish> {
  const cap = text(form, "cap");
  return {
    program: await chosenProgram(),
    input: parseJobInput(text(form, "input")),
    zn: optionalState(text(form, "zn")),
    cap: cap === "" ? undefined : BigInt(wholeNumber(cap, "the price cap")),
  };
}

/** From an order, or what is left of one, to the verdict. */
async function prove(place: Placing): Promise<void> {
  if (client === undefined || line === undefined) throw new Error("connect to a node first");
  const [of, { address, privateKey }] = [client, line];
  const abort = new AbortController();
  running = abort;
  clearVerdict();
  drawJob(NO_JOB);
  byId("cancel").hidden = false;
  byId<HTMLButtonElement>("submit").disabled = true;
  try {
    const keep = async (ordered: Ordered): Promise<unknown> =>
      isKeeper ? keepJob({ address, privateKey, ordered }) : undefined;
    const ordered = await place(of, keep, abort.signal);
    const { verdict, ms } = await follow(of, verifier, ordered, watcher(of), abort.signal);
    if (isKeeper) await forgetJob();
    drawVerdict(verdict, ms);
  } catch (error) {
    if (isKeeper && isOver(error)) await forgetJob();
    throw error;
  } finally {
    running = undefined;
    byId("cancel").hidden = true;
    byId<HTMLButtonElement>("submit").disabled = false;
  }
}

type Placing = (
  of: Client,
  keep: (ordered: Ordered) => Promise<unknown>,
  signal: AbortSignal,
) => Promise<Taken>;

const proveNew = (form: FormData): Promise<void> =>
  prove(async (of, keep, signal) => {
    const wish = await readWish(form);
    say(byId("job-status"), "Asking for a quote…");
    return order(of, wish, keep, signal);
  });

/** Goes on with the job that this page had when it was left. */
async function proveOn({ address, privateKey, ordered }: KeptJob): Promise<void> {
  byId<HTMLInputElement>("address").value = address;
  await dial(address, privateKey);
  say(byId("job-status"), "Going on with the job that was ordered before this page was left…");
  await prove((of, keep, signal) => resume(of, ordered, keep, signal));
}

/** Whether nothing will come of a job any more: a broker that cannot be reached may come back. */
const isOver = (error: unknown): boolean =>
  error instanceof ClientError && ["FAILED", "REFUSED", "ABORTED"].includes(error.code);

const watcher = (of: Client): Watcher => ({
  onJob: drawJob,
  onOrder(job) {
    byId("cancel").onclick = () => {
      void of.cancel(job).catch(() => {}); // it ends by its deadline then
      running?.abort();
    };
  },
  onKeyProgress: (done, total) =>
    say(keyStatus, `Deriving the verifying key from the circuit: ${done} of ${total} generators.`),
  onKey: (key) => say(keyStatus, keyWords(key)),
  onProof: offerDownload,
});

function offerDownload(proof: Uint8Array): void {
  const link = byId<HTMLAnchorElement>("download");
  if (link.href !== "") URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([new Uint8Array(proof)]));
  link.download = "foldmesh.proof";
  link.hidden = false;
}

// ---- files

async function check(form: FormData): Promise<void> {
  clearVerdict();
  const [keyFile, proofFile] = [form.get("key") as File, form.get("proof") as File];
  say(keyStatus, "Reading the verifying key…");
  const digest = text(form, "digest") || undefined;
  const key = await verifier.call("open", { file: await keyFile.bytes(), digest });
  say(keyStatus, keyWords(key));
  const asked = {
    z0: stateOf(text(form, "z0")),
    zn: optionalState(text(form, "zn")),
    steps: wholeNumber(text(form, "steps"), "the number of steps"),
  };
  const proof = await proofFile.bytes();
  const { verdict, ms } = await verifier.call("verify", { key: key.digest, proof, asked });
  drawVerdict(verdict, ms);
}

// ---- wiring

function onSubmit(id: string, place: string, action: (form: FormData) => Promise<void>): void {
  byId<HTMLFormElement>(id).addEventListener("submit", (event) => {
    event.preventDefault();
    void tell(byId(place), () => action(new FormData(event.target as HTMLFormElement)));
  });
}

onSubmit("connect", "connection", (form) => dial(text(form, "address")));
onSubmit("job", "job-status", proveNew);
onSubmit("check", "key-status", check);
byId("program").addEventListener("change", ({ target }) => {
  byId("program-files").hidden = (target as HTMLSelectElement).value !== "files";
});

async function begin(): Promise<void> {
  const given = new URL(location.href).searchParams.get("dial");
  const kept = await keptJob();
  const isHere = kept !== undefined && kept.address === (given ?? kept.address);
  isKeeper = await becomeKeeper(isHere ? LEAVING_MS : AT_ONCE_MS);
  if (isHere && isKeeper) {
    return tell(byId("job-status"), () => proveOn(kept));
  }
  if (given === null) return;
  byId<HTMLInputElement>("address").value = given;
  await dial(given).catch((error: unknown) => say(byId("connection"), messageOf(error), "bad"));
}

void begin();
