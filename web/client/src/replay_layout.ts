import { h } from "./dom";

type Pane = "code" | "notes" | "room";

const PANES: readonly [Pane, string][] = [
  ["code", "Code"],
  ["notes", "Notes"],
  ["room", "Room"],
];

interface Parts {
  code: HTMLElement;
  notes: HTMLElement | null;
  side: HTMLElement[];
  player: HTMLElement[];
}

/** Where everything stands: beside each other where there is room, otherwise one after the other by a switch. */
export class ReplayLayout {
  readonly element = h("div", { class: "replay-stage", "data-pane": "code", "data-notes": "hidden" });
  readonly notesToggle = h(
    "button",
    { type: "button", class: "button quiet notes-toggle", title: "Notes beside the code (N)", "aria-pressed": "false" },
    "Notes",
  );
  private readonly narrow = window.matchMedia("(max-width: 48rem)");
  private readonly buttons = new Map<Pane, HTMLButtonElement>();

  constructor(private readonly onChange: () => void) {
    this.notesToggle.addEventListener("click", () => {
      this.toggleNotes();
    });
    this.narrow.addEventListener("change", onChange);
  }

  lay({ code, notes, side, player }: Parts): void {
    for (const [pane, words] of PANES) {
      if (pane === "notes" && notes === null) continue;
      const button = h("button", { type: "button", "aria-pressed": String(pane === "code") }, words);
      button.addEventListener("click", () => {
        this.showPane(pane);
      });
      this.buttons.set(pane, button);
    }
    this.element.append(
      h("div", { class: "segments pane-switch", role: "group", "aria-label": "Show" }, ...this.buttons.values()),
      h("div", { class: "replay-panes" }, code, notes),
      h("aside", { class: "pane replay-side", "aria-label": "The room" }, ...side),
      h("section", { class: "transport", "aria-label": "Player" }, ...player),
    );
  }

  toggleNotes(): void {
    const { dataset } = this.element;
    if (!this.buttons.has("notes")) return;
    if (this.narrow.matches) {
      this.showPane(dataset["pane"] === "notes" ? "code" : "notes");
      return;
    }
    const isShown = dataset["notes"] !== "shown";
    dataset["notes"] = isShown ? "shown" : "hidden";
    this.notesToggle.setAttribute("aria-pressed", String(isShown));
    this.onChange();
  }

  get showsNotes(): boolean {
    const { pane, notes } = this.element.dataset;
    return this.narrow.matches ? pane === "notes" : notes === "shown";
  }

  destroy(): void {
    this.narrow.removeEventListener("change", this.onChange);
  }

  private showPane(pane: Pane): void {
    this.element.dataset["pane"] = pane;
    this.buttons.forEach((button, its) => {
      button.setAttribute("aria-pressed", String(its === pane));
    });
    this.onChange();
  }
}
