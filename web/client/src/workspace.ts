import { h } from "./dom";
import { LANGUAGES, languageOf } from "./languages";
import type { RoomPage } from "./lobby";

export interface WorkspaceActions {
  onLanguage(id: string): void;
}

/** The code pane: its head and the place of its editor. */
export class Workspace {
  readonly element: HTMLElement;
  readonly code = h("div", { class: "pane-body" });
  private readonly file = h("span", { class: "file-name" });
  private readonly readOnly = h("span", { class: "chip", hidden: true }, "Read only");
  private readonly language = h("select", { id: "language", class: "select" });

  constructor(page: RoomPage, actions: WorkspaceActions) {
    const sorted = [...LANGUAGES].sort((a, b) => a.name.localeCompare(b.name));
    this.language.append(...sorted.map(({ id, name }) => h("option", { value: id }, name)));
    this.language.addEventListener("change", () => {
      actions.onLanguage(this.language.value);
    });
    this.element = h(
      "section",
      { class: "pane pane-code", "aria-label": "Code" },
      h(
        "div",
        { class: "pane-head" },
        this.file,
        this.readOnly,
        h("label", { class: "visually-hidden", for: "language" }, "Language"),
        this.language,
      ),
      this.code,
    );
    this.setLanguage(page.interview.language, null);
  }

  setLanguage(id: string, file: string | null): void {
    const language = languageOf(id);
    if (![...this.language.options].some((option) => option.value === id)) {
      this.language.append(h("option", { value: id }, language.name));
    }
    this.language.value = id;
    this.file.textContent = file ?? language.file;
  }

  setWritable(mayWrite: boolean): void {
    this.language.disabled = !mayWrite;
    this.readOnly.hidden = mayWrite;
  }
}
