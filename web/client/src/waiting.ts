import type { Admission } from "./api";
import { instructionsText, meetingLink } from "./details";
import { announce, h } from "./dom";
import { disclosure, type RoomPage } from "./lobby";
import { waitingWords } from "./presence_words";
import { askLeave } from "./questions";

/** In front of a room that is full, or not open yet. Opens by itself: the session takes it away. */
export class Waiting {
  readonly element: HTMLElement;
  private readonly reason = h("p", { class: "waiting-reason" });
  private readonly place = h("p", { class: "waiting-place", hidden: true });
  private readonly kept = h("p", { class: "waiting-kept", hidden: true });
  private readonly next = h("p", { class: "quiet" });
  private readonly instructions = h("section", { class: "card-part lobby-task" });

  /** `countKept`: how many changes are sent when one is in. */
  constructor(
    page: RoomPage,
    private readonly countKept: () => Promise<number>,
    onLeave: () => void,
  ) {
    const leave = h("button", { type: "button", class: "button wide" }, "Stop waiting");
    leave.addEventListener("click", () => {
      void this.mayLeave().then((may) => {
        if (may) onLeave();
      });
    });
    const box = h(
      "div",
      { class: "notice waiting-box" },
      h("span", { class: "waiting-dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      h("div", {}, this.reason, this.place),
    );
    this.element = h(
      "main",
      { class: "card lobby waiting", id: "main" },
      h(
        "div",
        { class: "lobby-head" },
        h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
        h("h1", { dir: "auto" }, page.interview.title),
      ),
      h("div", { class: "lobby-form" }, box, this.kept, this.next, leave),
      this.instructions,
      disclosure(page.organisation),
    );
    this.setInstructions(page.interview);
  }

  show({ place, reason }: Pick<Admission, "place" | "reason">): void {
    const number = place ?? null;
    const told = this.element.textContent;
    this.reason.textContent = reason ?? "The room is full.";
    this.place.hidden = number === null;
    this.place.textContent = number === null ? "" : `You are number ${number} in the line.`;
    this.next.textContent = waitingWords(number);
    void this.showKept();
    if (this.element.textContent === told) return;
    announce([this.reason.textContent, this.place.textContent, this.next.textContent].join(" "));
  }

  private async showKept(): Promise<void> {
    const count = await this.countKept();
    this.kept.hidden = count === 0;
    const changes = count === 1 ? "1 change of yours is" : `${count} changes of yours are`;
    this.kept.textContent = count === 0 ? "" : `${changes} kept in this browser and sent when you are in.`;
  }

  private async mayLeave(): Promise<boolean> {
    return (await this.countKept()) === 0 || (await askLeave(false));
  }

  setInstructions({ instructions, meeting_url }: { instructions: string; meeting_url: string | null }): void {
    this.instructions.hidden = instructions === "" && meeting_url === null;
    const words = instructions === "" ? [] : [h("h2", {}, "Instructions"), instructionsText(instructions)];
    this.instructions.replaceChildren(...words, ...meetingLink(meeting_url, "button wide"));
  }
}
