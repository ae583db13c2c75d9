// The page, put together.

import { type Bundle, type Client, connect } from "@foldmesh/client";
import { parseJobInput } from "@foldmesh/r1cs";
import { byId, messageOf, say, tell } from "./dom.ts";
import { optionalState, stateOf, wholeNumber } from "./elements.ts";
import { NO_JOB } from "./job-model.ts";
import { drawJob } from "./job-view.ts";
import { drawMembers, drawOutlines } from "./network-view.ts";
import { type Wish, order } from "./order.ts";
import { bundledProgram, programOfFiles } from "./programs.ts";
import { clearVerdict, drawVerdict, keyWords } from "./verdict-view.ts";
import { Verifier } from "./verifier.ts";

const LOOK_MS = 3_000;

const verifier = new Verifier(new URL("verifier.js", import.meta.url));
const keyStatus = byId("key-status");
let client: Client | undefined;
let running: AbortController | undefined;

// ---- network

/** A field of a form, "" where it is empty or missing. */
function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

async function dial(address: string): Promise<void> {
  const status = byId("connection");
  say(status, "Connecting…");
  byId<HTMLButtonElement>("submit").disabled = true;
  await client?.close();
  client = undefined;
  const fresh = await connect({ dial: address });
  client = fresh;
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

async function prove(form: FormData): Promise<void> {
  if (client === undefined) throw new Error("connect to a node first");
  const abort = new AbortController();
  running = abort;
  clearVerdict();
  drawJob(NO_JOB);
  byId("cancel").hidden = false;
  byId<HTMLButtonElement>("submit").disabled = true;
  try {
    const wish = await readWish(form);
    say(byId("job-status"), "Asking for a quote…");
    const { verdict, ms } = await order(client, verifier, wish, watcher(client), abort.signal);
    drawVerdict(verdict, ms);
  } finally {
    running = undefined;
    byId("cancel").hidden = true;
    byId<HTMLButtonElement>("submit").disabled = false;
  }
}

const watcher = (of: Client): Parameters<typeof order>[3] => ({
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
onSubmit("job", "job-status", prove);
onSubmit("check", "key-status", check);
byId("program").addEventListener("change", ({ target }) => {
  byId("program-files").hidden = (target as HTMLSelectElement).value !== "files";
});

const given = new URL(location.href).searchParams.get("dial");
if (given !== null) {
  byId<HTMLInputElement>("address").value = given;
  dial(given).catch((error: unknown) => say(byId("connection"), messageOf(error), "bad"));
}
