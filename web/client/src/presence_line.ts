import { h } from "./dom";
import { avatar } from "./person";
import type { People } from "./people";
import { presenceWords, typingWords } from "./presence_words";

const MOST_FACES = 5;

/** One calm line: at which stage the interview is, who is here, who is typing, and whether everything is saved. */
export class PresenceLine {
  readonly element: HTMLElement;
  private readonly stage = h("span", { class: "chip" });
  private readonly faces = h("span", { class: "faces", "aria-hidden": "true" });
  private readonly words = h("span", { class: "line-words" });
  private readonly typing = h("span", { class: "line-typing" });
  private readonly admitButton = h("button", { type: "button", class: "button primary", hidden: true });
  private shownFaces = "";
  private typists: ReadonlySet<string> = new Set();

  constructor(
    private readonly people: People,
    private readonly hooks: { ownId: () => string; onAdmit: () => void },
    private readonly recorded: HTMLElement,
    pill: HTMLElement,
  ) {
    const who = h("div", { class: "line-who" }, this.faces, h("p", {}, this.words, " ", this.typing));
    this.admitButton.addEventListener("click", hooks.onAdmit);
    const label = "Who is here, and what is saved";
    this.element = h("section", { class: "presence-line", "aria-label": label }, this.stage, recorded, who, this.admitButton, pill);
  }

  /** `reason`: why one observes. `isKnown`: false while offline. */
  show(reason: string | null, isKnown: boolean): void {
    const { status, closed } = this.people;
    const stage = { pending: closed ? "Not open yet" : "Not started", active: "Running", finished: "Finished" };
    this.stage.hidden = !isKnown && !this.people.isTold;
    this.stage.textContent = stage[status];
    this.stage.dataset["status"] = status;
    const isInterviewer = this.people.get(this.hooks.ownId())?.role === "interviewer";
    this.admitButton.hidden = !isInterviewer || !closed || status !== "pending";
    const guestWaits = this.people.line.some(({ role }) => role === "guest");
    this.admitButton.textContent = guestWaits ? "Let everybody in" : "Let the candidate in";
    this.recorded.hidden = status === "finished";
    const words = isKnown ? presenceWords(this.people, this.hooks.ownId(), reason) : "Who else is here is not known now.";
    if (this.words.textContent !== words) this.words.textContent = words;
    this.showTyping();
    const others = this.people.here.filter(({ id }) => id !== this.hooks.ownId());
    const here = isKnown && status !== "finished" ? others.slice(0, MOST_FACES) : [];
    const faces = JSON.stringify(here.map(({ name, color }) => [name, color]));
    if (faces === this.shownFaces) return;
    this.shownFaces = faces;
    this.faces.hidden = here.length === 0;
    this.faces.replaceChildren(...here.map((person) => avatar(person)));
  }

  setTyping(typing: ReadonlySet<string>): void {
    this.typists = typing;
    this.showTyping();
  }

  /** Who has gone is not typing, though it was only a moment ago. */
  private showTyping(): void {
    const words = typingWords(this.people, this.typists);
    if (this.typing.textContent !== words) this.typing.textContent = words;
  }
}
