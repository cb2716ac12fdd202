import type { JoinRequest, Role } from "./api";
import { h } from "./dom";

/** Who comes without an account says who he is: the candidate, the same one on another device, or a guest. */
export class VisitorForm {
  readonly element: HTMLFormElement;
  private readonly input: HTMLInputElement;
  private readonly field: HTMLElement;
  private readonly choices: HTMLFieldSetElement;
  private readonly isCandidate = radio("candidate");
  private readonly isGuest = radio("guest");
  private readonly known = h("span", { class: "quiet", dir: "auto" });

  constructor(
    name: string,
    private candidate: string | null,
    join: (request: JoinRequest, button: HTMLButtonElement) => void,
  ) {
    this.input = h("input", {
      id: "name",
      name: "name",
      type: "text",
      dir: "auto",
      autocomplete: "name",
      maxlength: "80",
      required: true,
      autofocus: candidate === null,
      value: name,
    });
    this.field = h("div", { class: "field" }, h("label", { for: "name" }, "Your name"), this.input);
    this.choices = h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, "Who are you?"),
      h("label", { class: "choice" }, this.isCandidate, h("span", { class: "choice-words" }, "I am the candidate", this.known)),
      h("label", { class: "choice" }, this.isGuest, "I am a guest"),
    );
    const enter = h("button", { type: "submit", class: "button primary wide" }, "Enter the room");
    this.element = h("form", { class: "stack" }, this.choices, this.field, enter);
    this.isCandidate.checked = candidate === null;
    this.choices.addEventListener("change", () => {
      this.show();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const as = this.isGuest.checked ? "guest" : "candidate";
      join(this.input.disabled ? { as } : { as, name: this.input.value.trim() }, enter);
    });
    this.show();
  }

  /** Somebody has come in as the candidate, or nobody has. Answers whether that asks for another answer. */
  setCandidate(candidate: string | null): boolean {
    if (candidate === this.candidate) return false;
    const isAnother = this.candidate === null;
    this.candidate = candidate;
    if (isAnother) this.isCandidate.checked = false;
    this.show();
    return isAnother;
  }

  private show(): void {
    const { candidate } = this;
    this.known.hidden = candidate === null;
    this.known.textContent = candidate === null ? "" : `Somebody is here as ${candidate}: you on another device, or somebody else.`;
    this.choices.classList.toggle("is-long", candidate !== null);
    this.field.hidden = this.input.disabled = candidate !== null && this.isCandidate.checked;
  }
}

function radio(role: Role): HTMLInputElement {
  return h("input", { type: "radio", name: "role", value: role, required: true });
}
