import "./palette.css";
import { announce, h } from "./dom";
import { fold, wordsOf } from "./found";

export interface Command {
  name: string;
  /** What tells it from its neighbours. */
  detail?: string;
  /** The keys that do the same. */
  keys?: string;
  run: () => void;
}

type Find = (query: string) => Promise<Command[]>;

const PAUSE_MS = 150;

/** Everything that can be done, by its name: what is typed chooses, the arrows move, Enter does it. */
export class Palette {
  private readonly input = h("input", {
    type: "text",
    role: "combobox",
    class: "palette-input",
    placeholder: "Type a command, a candidate or a title",
    "aria-label": "Command",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
  });
  private readonly list = h("ul", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": "Commands" });
  private readonly nothing = h("p", { class: "palette-nothing", hidden: true });
  private readonly dialog = h("dialog", { class: "palette", "aria-label": "Commands" }, this.input, this.list, this.nothing);
  private shown: Command[] = [];
  private found: Command[] = [];
  private at = 0;
  private timer = 0;

  constructor(
    private readonly commands: readonly Command[],
    private readonly find: Find,
  ) {
    this.input.addEventListener("input", () => {
      this.search();
    });
    this.input.addEventListener("keydown", (event) => {
      this.move(event);
    });
    this.list.addEventListener("click", ({ target }) => {
      const option = (target as HTMLElement).closest("li");
      if (option) this.choose(Array.prototype.indexOf.call(this.list.children, option));
    });
    this.dialog.addEventListener("click", ({ target }) => {
      if (target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => {
      window.clearTimeout(this.timer);
      this.dialog.remove();
    });
    document.body.append(this.dialog);
    this.show();
    this.dialog.showModal();
    this.input.focus();
  }

  private search(): void {
    window.clearTimeout(this.timer);
    this.found = [];
    const query = this.input.value.trim();
    this.at = 0;
    this.show(query !== "");
    if (query === "") return;
    this.timer = window.setTimeout(() => {
      void this.find(query)
        .catch(() => [])
        .then((found) => {
          if (this.input.value.trim() !== query) return;
          this.found = found;
          this.show();
        });
    }, PAUSE_MS);
  }

  private show(isSearching = false): void {
    const words = wordsOf(this.input.value);
    const isMeant = ({ name, detail = "" }: Command): boolean => words.every((word) => fold(`${name} ${detail}`).includes(word));
    this.shown = [...this.commands.filter(isMeant), ...this.found];
    this.list.replaceChildren(
      ...this.shown.map(({ name, detail, keys }, at) =>
        h(
          "li",
          { role: "option", id: `palette-${at}` },
          h("span", { class: "palette-name", dir: "auto" }, name),
          detail === undefined || detail === "" ? null : h("span", { class: "palette-detail", dir: "auto" }, detail),
          keys === undefined ? null : h("kbd", {}, keys),
        ),
      ),
    );
    this.list.hidden = this.shown.length === 0;
    this.nothing.hidden = this.shown.length > 0;
    this.nothing.textContent = isSearching ? "Looking among the interviews…" : "No command and no interview is called so.";
    if (!isSearching) announce(this.shown.length === 1 ? "1 result" : `${this.shown.length} results`);
    this.select(Math.min(this.at, this.shown.length - 1));
  }

  private move(event: KeyboardEvent): void {
    const last = this.shown.length - 1;
    const next: Partial<Record<string, number>> = {
      ArrowDown: this.at >= last ? 0 : this.at + 1,
      ArrowUp: this.at <= 0 ? last : this.at - 1,
      PageDown: Math.min(this.at + 8, last),
      PageUp: Math.max(this.at - 8, 0),
    };
    const to = next[event.key];
    if (event.key === "Enter" && !event.isComposing) this.choose(this.at);
    else if (to !== undefined) this.select(to);
    else return;
    event.preventDefault();
  }

  private select(at: number): void {
    this.at = Math.max(0, at);
    Array.from(this.list.children).forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === this.at));
    });
    const chosen = this.list.children[this.at];
    if (chosen === undefined) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", chosen.id);
    chosen?.scrollIntoView({ block: "nearest" });
  }

  private choose(at: number): void {
    const command = this.shown[at];
    if (command === undefined) return;
    this.dialog.close();
    command.run();
  }
}
