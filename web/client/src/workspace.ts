import type { Role } from "./api";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h, icon } from "./dom";
import { LANGUAGES, languageOf } from "./languages";
import { disclosure, type RoomPage } from "./lobby";

export interface WorkspaceActions {
  onLeave(): void;
  onFinish(): void;
  onLanguage(id: string): void;
}

/** The room as one sees it: nothing here knows of the network. */
export class Workspace {
  readonly element: HTMLElement;
  readonly code = h("div", { class: "pane-body" });
  readonly notes = h("div", { class: "pane-body" });
  readonly notices = h("div", { class: "notices" });
  private readonly stage = h("span", { class: "chip" });
  private readonly recorded = recordedButton();
  private readonly file = h("span", { class: "file-name" });
  private readonly language = h("select", { id: "language", class: "select" });
  private readonly finishButton = h("button", { type: "button", class: "button danger-quiet" }, "Finish");
  private readonly leaveButton = h("button", { type: "button", class: "button", "aria-label": "Leave the room" });

  constructor(
    page: RoomPage,
    role: Role,
    private readonly actions: WorkspaceActions,
    parts: { pill: HTMLElement; banner: HTMLElement; roster: HTMLElement },
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
      this.codePane(role),
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
    this.setLanguage(page.interview.language, null);
    this.setStage(page.interview.status);
  }

  setLanguage(id: string, file: string | null): void {
    const language = languageOf(id);
    if (![...this.language.options].some((option) => option.value === id)) {
      this.language.append(h("option", { value: id }, language.name));
    }
    this.language.value = id;
    this.file.textContent = file ?? language.file;
  }

  setStage(status: "pending" | "active" | "finished"): void {
    const words = { pending: "Waiting for everybody", active: "Running", finished: "Finished" };
    this.stage.textContent = words[status];
    this.stage.dataset["status"] = status;
    this.finishButton.hidden ||= status === "finished";
    this.recorded.hidden = status === "finished";
  }

  setWritable(mayWrite: boolean): void {
    this.language.disabled = !mayWrite;
  }

  private codePane(role: Role): HTMLElement {
    const sorted = [...LANGUAGES].sort((a, b) => a.name.localeCompare(b.name));
    this.language.append(...sorted.map(({ id, name }) => h("option", { value: id }, name)));
    this.language.addEventListener("change", () => {
      this.actions.onLanguage(this.language.value);
    });
    return h(
      "section",
      { class: "pane pane-code", "aria-label": "Code" },
      h(
        "div",
        { class: "pane-head" },
        this.file,
        role === "observer" ? h("span", { class: "chip" }, "Read only") : null,
        h("label", { class: "visually-hidden", for: "language" }, "Language"),
        this.language,
      ),
      this.code,
    );
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
