/** An element of the page that must be there. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** A fresh element; strings become text, never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

export type Tone = "plain" | "good" | "bad";

export function say(element: HTMLElement, text: string, tone: Tone = "plain"): void {
  element.textContent = text;
  element.hidden = text === "";
  element.dataset["tone"] = tone;
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** "…WxYz12": a peer or a job by the end of its name. */
export const shortName = (name: string): string => `…${name.slice(-6)}`;

/** Runs an action of the page; what goes wrong is said in `place`. */
export async function tell(place: HTMLElement, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    say(place, messageOf(error), "bad");
  }
}
