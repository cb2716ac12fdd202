import type { Details, Role } from "./api";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h, icon } from "./dom";
import { instructionsText, meetingLink } from "./details";
import { disclosure, type RoomPage } from "./lobby";

export interface FrameActions {
  onLeave: () => void;
  onFinish: () => void;
  onDetails: () => void;
  /** Another pane has come into view. */
  onPane: () => void;
}

interface Parts {
  line: HTMLElement;
  banner: HTMLElement;
  roster: HTMLElement;
  chat: HTMLElement;
  code: HTMLElement;
}

type Stage = "pending" | "active" | "finished";
type Pane = "code" | "notes" | "people" | "chat";

const PANES: readonly Pane[] = ["code", "notes", "people", "chat"];

/** The room as one sees it, around its panes: nothing here knows of the network. */
export class Frame {
  readonly element: HTMLElement;
  readonly notes = h("div", { class: "pane-body" });
  readonly notices = h("section", { class: "notices", "aria-label": "Notices" });
  private role: Role;
  private stage: Stage;
  private details: Details;
  private readonly title = h("h1", { class: "topbar-title", dir: "auto" });
  private readonly meeting = h("span", { class: "topbar-meeting" });
  private readonly detailsButton = h("button", { type: "button", class: "button icon-narrow" });
  private readonly leaveButton = h("button", { type: "button", class: "button icon-narrow" });
  private readonly finishButton = h("button", { type: "button", class: "button danger-quiet" }, "Finish");
  private readonly notesPane: HTMLElement;
  private readonly grid: HTMLElement;
  private readonly switches: HTMLElement[];

  constructor(page: RoomPage, role: Role, actions: FrameActions, parts: Parts) {
    this.role = role;
    this.stage = page.interview.status;
    this.details = page.interview;
    for (const [button, call] of [
      [this.leaveButton, actions.onLeave],
      [this.finishButton, actions.onFinish],
    ] as const) {
      button.addEventListener("click", call);
    }
    this.detailsButton.addEventListener("click", () => {
      if (this.role === "interviewer") actions.onDetails();
      else void ask({ title: "Instructions", body: [instructionsText(this.details.instructions)], cancel: "Close" });
    });
    this.notesPane = h("section", { class: "pane pane-notes", "aria-label": "Notes" }, this.notes);
    const people = h(
      "section",
      { class: "pane pane-people", "aria-label": "People" },
      h("div", { class: "pane-head" }, h("h2", {}, "People")),
      parts.roster,
    );
    const chat = h("section", { class: "pane pane-chat", "aria-label": "Chat" }, parts.chat);
    const show = (pane: Pane): void => {
      this.show(pane);
      actions.onPane();
    };
    this.switches = [paneSwitch(["notes", "chat"], show), paneSwitch(PANES, show)];
    const [side, bottom] = this.switches as [HTMLElement, HTMLElement];
    this.grid = h(
      "main",
      { class: "room-grid", id: "main", "data-pane": "code", "data-side": "notes" },
      parts.code,
      people,
      h("div", { class: "side-head" }, side, h("span", { class: "pane-hint" }, "Only interviewers see the notes")),
      this.notesPane,
      chat,
    );
    this.element = h(
      "div",
      { class: "room", "data-role": role },
      h(
        "header",
        { class: "topbar" },
        page.member === null ? mark("span") : mark("a"),
        this.title,
        h(
          "div",
          { class: "topbar-actions" },
          this.meeting,
          this.detailsButton,
          copyButton("Copy link", () => page.interview.url, "button icon-narrow copy-link"),
          this.leaveButton,
          this.finishButton,
        ),
      ),
      parts.line,
      parts.banner,
      this.notices,
      this.grid,
      h("nav", { class: "pane-bar", "aria-label": "Panes" }, bottom),
    );
    this.setDetails(page.interview);
    this.setRole(role);
    this.show("code");
  }

  /** What a role sees of the room; the server decides what it may do. */
  setRole(role: Role): void {
    const isAnother = role !== this.role || this.notesPane.parentElement === null;
    this.role = role;
    const isInterviewer = role === "interviewer";
    this.element.dataset["role"] = role;
    this.grid.classList.toggle("with-notes", isInterviewer);
    if (isInterviewer) this.grid.querySelector(".pane-chat")?.before(this.notesPane);
    else this.notesPane.remove();
    if (!isInterviewer && this.grid.dataset["pane"] === "notes") this.show("code");
    if (isAnother || !isInterviewer) this.grid.dataset["side"] = isInterviewer ? "notes" : "chat";
    for (const button of this.buttons("notes")) button.hidden = !isInterviewer;
    this.setDetails(this.details);
    this.setStage(this.stage);
    this.mark();
  }

  setStage(stage: Stage): void {
    this.stage = stage;
    const isOn = this.role === "interviewer" && stage !== "finished";
    this.finishButton.hidden = !isOn || stage === "pending";
    this.leaveButton.replaceChildren(icon("leave"), h("span", {}, isOn ? "My part is done" : "Leave"));
    this.leaveButton.setAttribute("aria-label", isOn ? "My part is done: leave the room" : "Leave the room");
  }

  setDetails(details: Details): void {
    this.details = details;
    this.title.textContent = this.title.title = details.title;
    this.meeting.replaceChildren(...meetingLink(details.meeting_url, "button icon-narrow"));
    const isInterviewer = this.role === "interviewer";
    this.detailsButton.hidden = !isInterviewer && details.instructions === "";
    this.detailsButton.replaceChildren(icon("details"), h("span", {}, isInterviewer ? "Details" : "Instructions"));
  }

  setUnread(count: number): void {
    for (const button of this.buttons("chat")) {
      const badge = h("span", { class: "unread" }, String(count), h("span", { class: "visually-hidden" }, " unread"));
      button.replaceChildren("Chat", ...(count === 0 ? [] : [badge]));
    }
  }

  /** On a wide screen notes and chat share a place; on a narrow one, all panes do. */
  show(pane: Pane): void {
    if (pane === "notes" || pane === "chat") this.grid.dataset["side"] = pane;
    this.grid.dataset["pane"] = pane;
    this.mark();
  }

  private mark(): void {
    const [side, bottom] = this.switches;
    for (const [group, pane] of [
      [side, this.grid.dataset["side"]],
      [bottom, this.grid.dataset["pane"]],
    ] as const) {
      for (const button of group?.querySelectorAll("button") ?? []) {
        button.setAttribute("aria-pressed", String(button.dataset["pane"] === pane));
      }
    }
  }

  private buttons(pane: Pane): HTMLElement[] {
    return this.switches.flatMap((group) => [...group.querySelectorAll<HTMLElement>(`[data-pane="${pane}"]`)]);
  }
}

function mark(tag: "a" | "span"): HTMLElement {
  const drawing = h("span", { class: "brand-mark", "aria-hidden": "true" });
  return tag === "a"
    ? h("a", { class: "brand", href: "/", "aria-label": "All interviews" }, drawing)
    : h("span", { class: "brand" }, drawing);
}

export function recordedButton(organisation: string): HTMLElement {
  const dot = h("span", { class: "recorded-dot", "aria-hidden": "true" });
  const button = h("button", { type: "button", class: "recorded" }, dot, "Recorded");
  button.addEventListener("click", () => {
    void ask({ title: "About this recording", body: [disclosure(organisation)], cancel: "Close" });
  });
  return button;
}

function paneSwitch(panes: readonly Pane[], onShow: (pane: Pane) => void): HTMLElement {
  const buttons = panes.map((pane) => {
    const words = pane.charAt(0).toUpperCase() + pane.slice(1);
    const button = h("button", { type: "button", "data-pane": pane }, words);
    button.addEventListener("click", () => {
      onShow(pane);
    });
    return button;
  });
  return h("div", { class: "segments", role: "group", "aria-label": "Show" }, ...buttons);
}
