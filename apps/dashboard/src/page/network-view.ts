import type { JobOutline } from "@foldmesh/client";
import type { SignedAdvert } from "@foldmesh/network";
import { byId, make, say, shortName } from "./dom.ts";

export function drawMembers(members: readonly SignedAdvert[], broker: string): void {
  const table = byId("members");
  table.hidden = members.length === 0;
  const rows = members.map(({ sender, content }) => {
    const { roles, backends, ask } = content;
    const machine = backends
      .map(({ device, benchmark }) => `${device}, ${benchmark.mergesPerMinute} merges/min`)
      .join("; ");
    const mark = sender === broker ? " (dialed)" : "";
    const member = make("td", make("code", shortName(sender)), mark);
    member.title = sender;
    const price = backends.length === 0 ? "" : `${ask} per million constraints`;
    return make("tr", member, make("td", roles.join(", ")), make("td", machine), make("td", price));
  });
  table.querySelector("tbody")!.replaceChildren(...rows);
}

export function drawOutlines(jobs: readonly JobOutline[]): void {
  const running = jobs.filter(({ phase }) => phase === "running");
  const parts = running.map(({ job, tasks, verified }) => `${shortName(job)} ${verified}/${tasks}`);
  const told = parts.length === 0 ? "" : ` (parts verified: ${parts.join(", ")})`;
  say(
    byId("broker-jobs"),
    `Jobs at this broker: ${running.length} running${told}, ${jobs.length - running.length} over.`,
  );
}
