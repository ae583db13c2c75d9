import type { Context } from "./context.ts";
import { within } from "./streams.ts";

/** Connections from which on nobody more is dialled merely because it is there. */
const ENOUGH = 32;

/** Connects to whoever is discovered: libp2p itself only writes its addresses down. */
export function greetNeighbours({ node, limits, stopping }: Context): void {
  const greet = ({
    detail: { id },
  }: CustomEvent<{ readonly id: Parameters<typeof node.dial>[0] }>) => {
    if (node.getConnections().length >= ENOUGH) return;
    node.dial(id, { signal: within(limits.dialTime, stopping) }).catch(() => undefined); // it will be seen again
  };
  node.addEventListener("peer:discovery", greet);
  stopping.addEventListener("abort", () => node.removeEventListener("peer:discovery", greet));
}
