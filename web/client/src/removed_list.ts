import { browserWords } from "./device";
import { h } from "./dom";
import { reasonWords } from "./own_notice";
import type { Removal } from "./room_events";

/** Whom interviewers have removed, folded up, each with the way back in. */
export class RemovedList {
  readonly summary = h("summary", { class: "roster-head" });
  private readonly list = h("ul", { class: "removed-list", "aria-label": "Removed from this room" });
  readonly element = h("details", { class: "removed", hidden: true }, this.summary, this.list);
  private shown = "";

  constructor(private readonly onReadmit: (removal: Removal) => void) {}

  draw(removed: Removal[]): void {
    const now = JSON.stringify(removed);
    if (now === this.shown) return;
    this.shown = now;
    this.element.hidden = removed.length === 0;
    this.summary.textContent = `Removed (${removed.length})`;
    this.list.replaceChildren(...removed.map((removal) => this.row(removal)));
  }

  private row(removal: Removal): HTMLElement {
    const who = removedWords(removal);
    const back = h("button", { type: "button", class: "button soft", "aria-label": `Let back in: ${who}` }, "Let back in");
    back.addEventListener("click", () => {
      this.onReadmit(removal);
    });
    const words = h(
      "div",
      { class: "roster-words" },
      h("bdi", { class: "removed-name" }, removal.name),
      removal.device === null ? null : h("span", { class: "roster-more" }, `This device only: ${browserWords(removal.browser)}`),
      h("span", { class: "roster-more", dir: "auto" }, removalWords(removal)),
    );
    return h("li", { class: "removed-row" }, words, back);
  }
}

export function removalWords({ by, reason }: Removal): string {
  return `Removed by ${by?.name ?? "an interviewer"}. ${reasonWords(reason)}`;
}

/** "Gus", or "a device of Cleo (Firefox on Android)". */
export function removedWords({ name, device, browser }: Removal): string {
  return device === null ? name : `a device of ${name} (${browserWords(browser)})`;
}
