import type { Role } from "./api";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h, icon } from "./dom";
import { disclosure, type RoomPage } from "./lobby";

export interface FrameActions {
  onLeave(): void;
  onFinish(): void;
}

type Stage = "pending" | "active" | "finished";

/** The room as one sees it, around its panes: nothing here knows of the network. */
export class Frame {
  readonly element: HTMLElement;
  readonly notes = h("div", { class: "pane-body" });
  readonly notices = h("div", { class: "notices" });
  private readonly stage = h("span", { class: "chip" });
  private readonly recorded = recordedButton();
  private readonly finishButton = h("button", { type: "button", class: "button danger-quiet" }, "Finish");
  private readonly leaveButton = h("button", { type: "button", class: "button", "aria-label": "Leave the room" });

  constructor(
    page: RoomPage,
    role: Role,
    actions: FrameActions,
    parts: { pill: HTMLElement; banner: HTMLElement; roster: HTMLElement; code: HTMLElement },
  ) {
    const interviewer = role === "interviewer";
    this.leaveButton.append(icon("leave"), h("span", { class: "wide-only" }, "Leave"));
    this.leaveButton.addEventListener("click", () => {
      actions.onLeave();
    });
    this.finishButton.addEventListener("click", () => {
      actions.onFinish();
    });
    this.finishButton.hidden = !interviewer;
    const side = this.sidePane(role, parts.roster);
    const grid = h(
      "main",
      { class: interviewer ? "room-grid with-notes" : "room-grid", id: "main" },
      parts.code,
      ...side,
    );
    grid.dataset["pane"] = "code";
    this.element = h(
      "div",
      { class: "room" },
      h(
        "header",
        { class: "topbar" },
        page.member === null ? mark("span") : mark("a"),
        h("h1", { class: "topbar-title" }, page.interview.title),
        h("div", { class: "topbar-room" }, this.stage, this.recorded),
        h("div", { class: "topbar-state" }, parts.pill),
        h(
          "div",
          { class: "topbar-actions" },
          paneSwitch(grid, interviewer),
          copyButton("Copy link", () => page.interview.url, "button icon-narrow"),
          this.leaveButton,
          this.finishButton,
        ),
      ),
      parts.banner,
      this.notices,
      grid,
    );
    this.setStage(page.interview.status);
  }

  setStage(status: Stage): void {
    const words = { pending: "Waiting for everybody", active: "Running", finished: "Finished" };
    this.stage.textContent = words[status];
    this.stage.dataset["status"] = status;
    this.finishButton.hidden ||= status === "finished";
    this.recorded.hidden = status === "finished";
  }

  private sidePane(role: Role, roster: HTMLElement): HTMLElement[] {
    const people = h(
      "section",
      { class: "pane pane-people", "aria-label": "People" },
      h("div", { class: "pane-head" }, h("h2", {}, "People")),
      roster,
    );
    if (role !== "interviewer") return [people];
    const notes = h(
      "section",
      { class: "pane pane-notes", "aria-label": "Notes" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", {}, "Notes"),
        h("span", { class: "pane-hint" }, "Only interviewers see this"),
      ),
      this.notes,
    );
    return [people, notes];
  }
}

function mark(tag: "a" | "span"): HTMLElement {
  const drawing = h("span", { class: "brand-mark", "aria-hidden": "true" });
  return tag === "a"
    ? h("a", { class: "brand", href: "/", "aria-label": "All interviews" }, drawing)
    : h("span", { class: "brand" }, drawing);
}

function recordedButton(): HTMLElement {
  const dot = h("span", { class: "recorded-dot", "aria-hidden": "true" });
  const button = h("button", { type: "button", class: "recorded" }, dot, "Recorded");
  button.addEventListener("click", () => {
    void ask({ title: "About this recording", body: [disclosure()], cancel: "Close" });
  });
  return button;
}

/** On a narrow screen one pane is shown at a time. */
function paneSwitch(grid: HTMLElement, notes: boolean): HTMLElement {
  const panes = notes ? ["code", "notes", "people"] : ["code", "people"];
  const buttons = panes.map((pane) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(pane === "code") },
      pane.charAt(0).toUpperCase() + pane.slice(1),
    ),
  );
  buttons.forEach((button, at) => {
    button.addEventListener("click", () => {
      grid.dataset["pane"] = panes[at] ?? "code";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
    });
  });
  return h("div", { class: "segments narrow-only", role: "group", "aria-label": "Show" }, ...buttons);
}
