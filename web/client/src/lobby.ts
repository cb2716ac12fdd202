import * as api from "./api";
import { instructionsText, meetingLink } from "./details";
import { announce, h } from "./dom";
import { VisitorForm } from "./visitor_form";

export interface RoomPage {
  interview: api.Details & { id: string; status: "pending" | "active"; language: string; url: string };
  organisation: string;
  member: { id: string; name: string | null; email: string; role: string } | null;
  /** The name of a member who is signed in, and to whom this interview is not assigned. */
  unassigned: string | null;
  /** What an interviewer has made of this member: nothing else is open to him. */
  set_role: api.Role | null;
  /** The name of who has come in as the candidate. */
  candidate: string | null;
  /** For how long a finish can be undone. */
  reopen_ms: number;
  csp_nonce: string;
}

const FRESH_MS = 3_000;

/** `join` resolves to the reason when it did not work; `reload` asks the server for its page anew. */
interface LobbyActions {
  join(request: api.JoinRequest): Promise<string>;
  reload(): void;
}

/** The form in front of the room. */
export class Lobby {
  readonly element: HTMLElement;
  private readonly problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  private readonly notices = h("div", {});
  private readonly state = h("p", { class: "quiet" });
  private readonly visitor: VisitorForm | null;
  private readonly buttons: HTMLButtonElement[];
  private timer = 0;

  constructor(
    private readonly page: RoomPage,
    name: string,
    private readonly actions: LobbyActions,
  ) {
    const enter = (request: api.JoinRequest, button: HTMLButtonElement): void => void this.join(request, button);
    this.visitor = page.member === null ? new VisitorForm(name, page.candidate, enter) : null;
    const form = this.visitor?.element ?? memberForm(page, enter);
    this.buttons = [...form.querySelectorAll("button")];
    const { title, status, instructions, meeting_url } = page.interview;
    this.showStatus(status);
    const heading = h("h2", {}, "Instructions");
    const words = instructions === "" ? [] : [heading, instructionsText(instructions)];
    const call = meetingLink(meeting_url, "button wide");
    this.element = h(
      "main",
      { class: "card lobby", id: "main" },
      h(
        "div",
        { class: "lobby-head" },
        h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
        h("h1", { dir: "auto" }, title),
        this.state,
      ),
      words.length + call.length === 0 ? null : h("section", { class: "card-part lobby-task" }, ...words, ...call),
      h("div", { class: "lobby-form" }, this.problem, this.notices, form, page.member === null ? forMembers(page) : null),
      disclosure(page.organisation),
    );
    document.addEventListener("visibilitychange", this.onVisible);
    this.watch();
  }

  /** Why one did not come in. */
  tell(words: string): void {
    this.problem.textContent = words;
    this.problem.hidden = words === "";
  }

  /** What this browser has and the server never got. */
  put(notice: HTMLElement): void {
    this.notices.append(notice);
  }

  close(): void {
    window.clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  private async join(request: api.JoinRequest, button: HTMLButtonElement): Promise<void> {
    const words = button.textContent;
    this.tell("");
    button.textContent = "Entering…";
    announce("Entering…");
    for (const each of this.buttons) each.disabled = true;
    // Who filled in an old form has not been asked whether he is the candidate who came in meanwhile.
    if (request.as === "candidate" && (await this.refresh())) {
      this.tell("Somebody has just come in as the candidate. Please say who you are.");
    } else this.tell(await this.actions.join(request));
    button.textContent = words;
    for (const each of this.buttons) each.disabled = false;
  }

  private watch(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (document.visibilityState === "visible") void this.refresh().then(() => { this.watch(); });
    }, FRESH_MS);
  }

  private readonly onVisible = (): void => {
    if (document.visibilityState === "visible") void this.refresh().then(() => { this.watch(); });
  };

  /** Resolves to whether the form asks something else now. */
  private async refresh(): Promise<boolean> {
    try {
      const { status, candidate } = await api.recentLobby(this.page.interview.id);
      if (status === "finished") this.actions.reload();
      else this.showStatus(status);
      return this.visitor?.setCandidate(candidate) ?? false;
    } catch (error) {
      // Cancelled: the server has a page for that. Unreachable: the form says so when it is sent.
      if (error instanceof api.Problem && error.status === 404) this.actions.reload();
      return false;
    }
  }

  private showStatus(status: "pending" | "active"): void {
    const words = status === "active" ? "The interview is running." : "";
    if (this.state.textContent !== words) this.state.textContent = words;
    this.state.hidden = words === "";
  }
}

function memberForm(
  { member, set_role }: RoomPage,
  join: (request: api.JoinRequest, button: HTMLButtonElement) => void,
): HTMLElement {
  const enter = h("button", { type: "button", class: "button primary wide" }, "Enter as interviewer");
  const isObserver = set_role === "observer";
  const observe = h("button", { type: "button", class: isObserver ? "button primary wide" : "button wide" }, "Observe");
  const meaning = {
    both: "Interviewers write code and notes. Observers read the code and change nothing.",
    observer: "An interviewer has made you an observer: you read the code and change nothing.",
    interviewer: "An interviewer has made you an interviewer: you write code and notes.",
  }[isObserver ? "observer" : set_role === "interviewer" ? "interviewer" : "both"];
  enter.addEventListener("click", () => {
    join({ as: "interviewer" }, enter);
  });
  observe.addEventListener("click", () => {
    join({ as: "observer" }, observe);
  });
  return h(
    "div",
    { class: "stack" },
    h("p", {}, "You are signed in as ", h("strong", {}, h("bdi", {}, member?.name ?? member?.email ?? "")), "."),
    isObserver ? null : enter,
    set_role === "interviewer" ? null : observe,
    h("p", { class: "quiet" }, meaning),
  );
}

/** How one becomes an interviewer here, for who is not. */
function forMembers({ interview, organisation, unassigned }: RoomPage): HTMLElement {
  if (unassigned === null) {
    const signIn = h("a", { href: `/?return_to=${encodeURIComponent(`/i/${interview.id}`)}` }, "Sign in");
    return h("p", { class: "quiet" }, "Do you interview or observe? ", signIn, ` first. Without an account, ask your admin at ${organisation} to invite you.`);
  }
  return h(
    "p",
    { class: "quiet" },
    "You are signed in as ",
    h("strong", {}, h("bdi", {}, unassigned)),
    `. This interview is not assigned to you: to interview or observe, ask an owner or an admin of ${organisation}.`,
  );
}

/** What everybody is told before they come in; the room shows it again on request. */
export function disclosure(organisation: string): HTMLElement {
  const facts = [
    "Every change to the code and every chat message, with its time and the name of who made it, and who came and went.",
    "No camera, no microphone, no screen, nothing outside this page. No hidden signals: none gathered, none scored.",
    `Members of ${organisation} can see the recording and play it back.`,
    `It is kept until ${organisation} deletes it; no date is set. Ask your contact there to have it deleted.`,
  ];
  return h(
    "section",
    { class: "disclosure", "aria-labelledby": "recorded" },
    h("h2", { id: "recorded" }, "What is recorded"),
    h("ul", {}, ...facts.map((fact) => h("li", {}, fact))),
  );
}
