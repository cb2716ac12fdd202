import type { JoinRequest, Role } from "./api";
import { h } from "./dom";

export interface Form {
  element: HTMLElement;
  buttons: HTMLButtonElement[];
}

/** `button`: the one that was pressed. */
export type Join = (request: JoinRequest, button: HTMLButtonElement) => void;

/** `candidate`: who has come in as the candidate already; another device comes in as the same person. */
export function visitorForm(name: string, candidate: string | null, join: Join): Form {
  const input = h("input", {
    id: "name",
    name: "name",
    type: "text",
    autocomplete: "name",
    maxlength: "80",
    required: true,
    autofocus: candidate === null,
    value: name,
  });
  const field = h("div", { class: "field" }, h("label", { for: "name" }, "Your name"), input);
  const enter = h("button", { type: "submit", class: "button primary wide" }, "Enter the room");
  const choices = h(
    "fieldset",
    { class: candidate === null ? "choices" : "choices is-long" },
    h("legend", {}, "I am"),
    choice("candidate", candidate === null ? "the candidate" : `${candidate}, the candidate, on another device`),
    choice("guest", "a guest"),
  );
  const form = h("form", { class: "stack" }, ...(candidate === null ? [field, choices] : [choices, field]), enter);
  const chosen = (): Role => (new FormData(form).get("role") === "guest" ? "guest" : "candidate");
  if (candidate === null) choices.querySelector("input")?.toggleAttribute("checked", true);
  else {
    choices.addEventListener("change", () => {
      field.hidden = input.disabled = chosen() === "candidate";
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    join(input.disabled ? { as: chosen() } : { as: chosen(), name: input.value.trim() }, enter);
  });
  return { element: form, buttons: [enter] };
}

function choice(role: Role, words: string): HTMLElement {
  return h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "role", value: role, required: true }),
    h("span", {}, words),
  );
}
