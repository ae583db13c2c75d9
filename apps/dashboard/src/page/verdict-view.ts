import type { Verdict } from "@foldmesh/client/verify";
import { byId, make } from "./dom.ts";
import type { KeyInfo } from "./verifier-messages.ts";

/** What the page found out by itself, for everybody to see. */
export function drawVerdict(verdict: Verdict, ms: number): void {
  const box = byId("verdict");
  box.hidden = false;
  box.dataset["tone"] = verdict.ok ? "good" : "bad";
  box.dataset["ok"] = String(verdict.ok);
  box.dataset["ms"] = ms.toFixed(1);
  box.replaceChildren(...(verdict.ok ? proved(verdict, ms) : refused(verdict)));
}

function proved({ statement }: Extract<Verdict, { ok: true }>, ms: number): HTMLElement[] {
  const { z0, zn, steps, programDigest } = statement;
  const end = make("code", zn.join(", "));
  end.dataset["zn"] = zn.join(",");
  return [
    make("p", make("strong", `Proved. Verified in this page in ${ms.toFixed(0)} ms.`)),
    make(
      "p",
      `${steps} steps of program `,
      make("code", programDigest.slice(0, 16)),
      "… lead from",
    ),
    make("p", make("code", z0.join(", "))),
    make("p", "to"),
    make("p", end),
  ];
}

const refused = ({ reason }: Extract<Verdict, { ok: false }>): HTMLElement[] => [
  make("p", make("strong", "NOT PROVED. The gateway's proof does not show what you asked for.")),
  make("p", reason),
  make("p", "Do not use its result: ask another gateway."),
];

export function clearVerdict(): void {
  byId("verdict").hidden = true;
  delete byId("verdict").dataset["ok"];
}

const SOURCES: Readonly<Record<KeyInfo["source"], string>> = {
  derived: "derived in this page from the program's circuit",
  kept: "derived in this page before and kept by the browser",
  file: "from your file",
};

export const keyWords = ({ digest, bytes, source, ms, stepsPerLeaf }: KeyInfo): string =>
  `Verifying key ${digest.slice(0, 16)}…, ${(bytes / 2 ** 20).toFixed(1)} MiB, leaves of ${stepsPerLeaf}: ${SOURCES[source]} (${(ms / 1000).toFixed(1)} s).`;
