import type { JoinRequest, Role } from "./api";
import { h } from "./dom";

export interface RoomPage {
  interview: { id: string; title: string; status: "pending" | "active"; language: string; url: string };
  member: { name: string | null; email: string; role: string } | null;
  csp_nonce: string;
}

/** The form in front of the room. `onJoin` resolves to the reason when it did not work. */
export function lobby(page: RoomPage, name: string, onJoin: (request: JoinRequest) => Promise<string>): HTMLElement {
  const problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  const buttons: HTMLButtonElement[] = [];
  const join = async (request: JoinRequest): Promise<void> => {
    problem.hidden = true;
    for (const button of buttons) button.disabled = true;
    problem.textContent = await onJoin(request);
    problem.hidden = problem.textContent === "";
    for (const button of buttons) button.disabled = false;
  };
  const form = page.member === null ? visitorForm(name, buttons, join) : memberForm(page.member, buttons, join);
  return h(
    "main",
    { class: "card lobby", id: "main" },
    h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
    h("h1", {}, page.interview.title),
    h("p", { class: "quiet" }, page.interview.status === "active" ? "The interview is running." : "The room is open."),
    problem,
    form,
    disclosure(),
  );
}

type Join = (request: JoinRequest) => Promise<void>;

function visitorForm(name: string, buttons: HTMLButtonElement[], join: Join): HTMLElement {
  const field = h("input", {
    id: "name",
    name: "name",
    type: "text",
    autocomplete: "name",
    maxlength: "80",
    required: true,
    autofocus: true,
    value: name,
  });
  const choice = (role: Role, words: string, checked: boolean) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "role", value: role, checked }),
      h("span", {}, words),
    );
  const enter = h("button", { type: "submit", class: "button primary wide" }, "Enter the room");
  buttons.push(enter);
  const form = h(
    "form",
    { class: "stack" },
    h("div", { class: "field" }, h("label", { for: "name" }, "Your name"), field),
    h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, "I am"),
      choice("candidate", "the candidate", true),
      choice("guest", "a guest", false),
    ),
    enter,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const role = new FormData(form).get("role") === "guest" ? "guest" : "candidate";
    void join({ as: role, name: field.value.trim() });
  });
  return form;
}

function memberForm(member: NonNullable<RoomPage["member"]>, buttons: HTMLButtonElement[], join: Join): HTMLElement {
  const enter = h("button", { type: "button", class: "button primary wide" }, "Enter as interviewer");
  const observe = h("button", { type: "button", class: "button wide" }, "Observe");
  enter.addEventListener("click", () => void join({ as: "interviewer" }));
  observe.addEventListener("click", () => void join({ as: "observer" }));
  buttons.push(enter, observe);
  return h(
    "div",
    { class: "stack" },
    h("p", {}, "You are signed in as ", h("strong", {}, member.name ?? member.email), "."),
    enter,
    observe,
    h("p", { class: "quiet" }, "Interviewers write code and notes. Observers read the code and change nothing."),
  );
}

/** What everybody is told before they come in; the room shows it again on request. */
export function disclosure(): HTMLElement {
  return h(
    "section",
    { class: "disclosure", "aria-labelledby": "recorded" },
    h("h2", { id: "recorded" }, "What is recorded"),
    h(
      "ul",
      {},
      h(
        "li",
        {},
        "Every change to the code, with its time and the name of the person who made it, and who came and went.",
      ),
      h("li", {}, "No camera, no microphone, no screen, nothing outside this page."),
      h("li", {}, "Members of the organisation that invited you can see the recording and play it back."),
    ),
  );
}
