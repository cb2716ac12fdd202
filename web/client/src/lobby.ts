import type { JoinRequest } from "./api";
import { announce, h } from "./dom";
import { visitorForm, type Form, type Join } from "./visitor_form";

export interface RoomPage {
  interview: { id: string; title: string; status: "pending" | "active"; language: string; url: string };
  member: { name: string | null; email: string; role: string } | null;
  /** The name of who has come in as the candidate. */
  candidate: string | null;
  csp_nonce: string;
}

/** The form in front of the room. `onJoin` resolves to the reason when it did not work. */
export function lobby(page: RoomPage, name: string, onJoin: (request: JoinRequest) => Promise<string>): HTMLElement {
  const problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  const join = async (request: JoinRequest, button: HTMLButtonElement): Promise<void> => {
    const words = button.textContent;
    problem.hidden = true;
    button.textContent = "Entering…";
    announce("Entering…");
    for (const each of form.buttons) each.disabled = true;
    problem.textContent = await onJoin(request);
    problem.hidden = problem.textContent === "";
    button.textContent = words;
    for (const each of form.buttons) each.disabled = false;
  };
  const form: Form =
    page.member === null
      ? visitorForm(name, page.candidate, (request, button) => void join(request, button))
      : memberForm(page.member, (request, button) => void join(request, button));
  return h(
    "main",
    { class: "card lobby", id: "main" },
    h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
    h("h1", {}, page.interview.title),
    h("p", { class: "quiet" }, page.interview.status === "active" ? "The interview is running." : "The room is open."),
    problem,
    form.element,
    disclosure(),
  );
}

function memberForm(member: NonNullable<RoomPage["member"]>, join: Join): Form {
  const enter = h("button", { type: "button", class: "button primary wide" }, "Enter as interviewer");
  const observe = h("button", { type: "button", class: "button wide" }, "Observe");
  enter.addEventListener("click", () => {
    join({ as: "interviewer" }, enter);
  });
  observe.addEventListener("click", () => {
    join({ as: "observer" }, observe);
  });
  const element = h(
    "div",
    { class: "stack" },
    h("p", {}, "You are signed in as ", h("strong", {}, member.name ?? member.email), "."),
    enter,
    observe,
    h("p", { class: "quiet" }, "Interviewers write code and notes. Observers read the code and change nothing."),
  );
  return { element, buttons: [enter, observe] };
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
