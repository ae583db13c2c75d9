import type { BidReveal, Offer } from "@foldmesh/protocol";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Command, render } from "../../../test/scenarios/script.ts";
import {
  AUCTION_DEFAULTS,
  type AuctionEffect,
  type AuctionState,
  type AuctionStep,
  auctionWake,
  commitmentOf,
  openAuction,
  stepAuction,
} from "../src/index.ts";
import { cidOf, lotOf, peerOf, saltOf, unsigned } from "./helpers.ts";

const FOLDER = new URL("../../../test/scenarios/market/", import.meta.url);

/** Runs the commands of one script against one auction; peers are named by single letters. */
class Stage {
  #state: AuctionState | undefined;
  #now = 0;
  readonly #names = new Map<string, string>();
  readonly #bids = new Map<string, BidReveal>();

  run(command: Command): readonly string[] {
    this.#now = Number(command.options.get("at") ?? this.#now);
    const step = this.#apply(command);
    this.#state = step.state;
    return [...step.effects.map((effect) => this.#say(effect)), this.#summary()];
  }

  #apply({ name, words, options }: Command): AuctionStep {
    const who = words[0] ?? "";
    if (name === "open") return this.#open(options);
    const state = this.#state as AuctionState;
    if (name === "tick" || name === "wake" || name === "cancel") {
      return stepAuction(state, { kind: name }, this.#now);
    }
    if (options.has("offers")) this.#bids.set(who, this.#bid(who, options));
    const bid = { ...(this.#bids.get(who) as BidReveal) };
    const sender = this.#peer(who);
    if (name === "reveal") {
      const message = unsigned(sender, "BidReveal", bid);
      return stepAuction(state, { kind: "reveal", message }, this.#now);
    }
    const content = { auction: bid.auction, commitment: commitmentOf(sender, bid) };
    return stepAuction(
      state,
      { kind: "commit", message: unsigned(sender, "BidCommit", content) },
      this.#now,
    );
  }

  /** lots=reserve/maxReserve,… bidders=A:ppm,… deadline=ms */
  #open(options: ReadonlyMap<string, string>): AuctionStep {
    const lots = (options.get("lots") ?? "").split(",").map((each, i) => {
      const [reserve = "0", maxReserve = reserve] = each.split("/");
      return { ...lotOf(i, BigInt(reserve)), maxReserve: BigInt(maxReserve) };
    });
    const bidders = (options.get("bidders") ?? "").split(",").map((each) => {
      const [name = "", reputation = "0"] = each.split(":");
      return { peer: this.#peer(name), reputation: Number(reputation) };
    });
    const broker = this.#peer("broker");
    const deadline = Number(options.get("deadline"));
    const config = AUCTION_DEFAULTS;
    const ids = { job: cidOf("job"), program: cidOf("program") };
    return openAuction({ ...ids, broker, sequence: 0, lots, bidders, deadline, config }, this.#now);
  }

  /** offers=lot:price,… or none, capacity=n */
  #bid(who: string, options: ReadonlyMap<string, string>): BidReveal {
    const named = options.get("offers") ?? "none";
    const offers = (named === "none" ? [] : named.split(",")).map((each): Offer => {
      const [lot = "0", price = "0"] = each.split(":");
      return { lot: Number(lot), price: BigInt(price), duration: 10 };
    });
    const { auction } = this.#state as { auction?: string };
    const capacity = Number(options.get("capacity") ?? offers.length);
    return { auction: auction ?? cidOf("none"), offers, capacity, salt: saltOf(who) };
  }

  #peer(name: string): string {
    this.#names.set(peerOf(name), name);
    return peerOf(name);
  }

  #say(effect: AuctionEffect): string {
    const name = (peer: string): string => this.#names.get(peer) ?? peer;
    switch (effect.kind) {
      case "announce": {
        const lots = effect.content.lots.map(({ task, reserve }) => `${task}@${reserve}`);
        return `announce #${effect.content.sequence} ${lots.join(" ")}`;
      }
      case "callReveals":
        return "call reveals";
      case "award":
        return `award ${effect.sold.map(({ task, peer, price }) => `${task} → ${name(peer)} for ${price}`).join(", ")}`;
      case "blame":
        return `blame ${name(effect.peer)}: ${effect.fault}`;
      case "evidence":
        return `evidence of ${effect.content.charge} against ${name(effect.content.accused)}`;
      case "refuse":
        return `refuse ${name(effect.peer)}: ${effect.reason}`;
      case "closed":
        return `closed, unsold: ${effect.unsold.join(" ") || "nothing"}`;
    }
  }

  #summary(): string {
    const state = this.#state as AuctionState;
    const wake = auctionWake(state);
    return `[${state.phase}${wake === undefined ? "" : ` until ${wake}`}]`;
  }
}

test.each(readdirSync(FOLDER).filter((name) => name.endsWith(".txt")))("%s", async (name) => {
  const path = new URL(name, FOLDER).pathname;
  const stage = new Stage();
  const rendered = render(readFileSync(path, "utf8"), (command) => stage.run(command));
  await expect(rendered).toMatchFileSnapshot(path);
});
