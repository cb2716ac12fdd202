import "./editor.css";
import { h } from "./dom";
import type { RoomFile } from "./file";
import type { Standing } from "./whereabouts";

export interface TabActions {
  /** `byHand`: by pointer or Enter, so that one wants to write; not by the arrows, which look through the files. */
  onShow(file: string, byHand: boolean): void;
  onRename(file: string): void;
  onDelete(file: string): void;
}

interface Tab {
  button: HTMLButtonElement;
  name: HTMLElement;
  people: HTMLElement;
}

let lists = 0;

/** The files as tabs (ARIA's tab pattern, one stop of the Tab key), with a dot for everybody whose caret is there. */
export class FileTabs {
  readonly element: HTMLElement;
  private readonly tabs = new Map<string, Tab>();
  private readonly prefix = `file-tab-${(lists += 1)}`;
  private made = 0;
  private current = "";
  /** With a tab that is there no more; the next to be selected takes it. */
  private hasLostFocus = false;

  constructor(
    private readonly panel: HTMLElement,
    private readonly actions: TabActions,
  ) {
    this.element = h("div", { class: "file-tabs", role: "tablist", "aria-label": "Files" });
    this.element.addEventListener("keydown", this.onKey);
    panel.id = `${this.prefix}-panel`;
    panel.setAttribute("role", "tabpanel");
  }

  /** Tabs that are there already stay the same elements: one of them may have the focus. */
  setFiles(files: readonly RoomFile[]): void {
    for (const [id, { button }] of this.tabs) {
      if (files.some((file) => file.id === id)) continue;
      this.hasLostFocus ||= button === document.activeElement;
      button.remove();
      this.tabs.delete(id);
    }
    files.forEach(({ id, name }, at) => {
      const tab = this.tabs.get(id) ?? this.make(id);
      tab.name.textContent = name;
      tab.button.title = name;
      const there = this.element.children[at] ?? null;
      if (there !== tab.button) this.element.insertBefore(tab.button, there);
    });
    this.select(this.current);
  }

  select(file: string): void {
    const moved = file !== this.current;
    this.current = file;
    for (const [id, { button }] of this.tabs) {
      button.setAttribute("aria-selected", String(id === file));
      button.tabIndex = id === file ? 0 : -1;
    }
    const tab = this.tabs.get(file);
    if (tab === undefined) return;
    this.panel.setAttribute("aria-labelledby", tab.button.id);
    if (moved) tab.button.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (this.hasLostFocus && document.activeElement === document.body) tab.button.focus({ preventScroll: true });
    this.hasLostFocus = false;
  }

  focus(): void {
    this.tabs.get(this.current)?.button.focus();
  }

  setPeople(people: readonly Standing[]): void {
    for (const [id, tab] of this.tabs) {
      const here = people.filter(({ file }) => file === id);
      const said = here.map(({ name, color }) => `${name} ${color}`).join("\n");
      if (tab.people.dataset["said"] === said) continue;
      tab.people.dataset["said"] = said;
      tab.people.replaceChildren(...here.slice(0, 3).map(dot));
      if (here.length === 0) continue;
      const names = here.map(({ name }) => name).join(", ");
      tab.people.append(h("span", { class: "visually-hidden" }, ` here: ${names}`));
    }
  }

  /** Those of which only the tab is left to show that they were there. */
  markDeleted(files: ReadonlySet<string>): void {
    for (const [id, { button }] of this.tabs) {
      const isDeleted = files.has(id);
      if (button.classList.contains("is-deleted") === isDeleted) continue;
      button.classList.toggle("is-deleted", isDeleted);
      button.querySelector(".file-tab-deleted")?.remove();
      if (isDeleted) button.append(h("span", { class: "file-tab-deleted" }, "deleted"));
    }
  }

  private make(id: string): Tab {
    const name = h("bdi", { class: "file-tab-name" });
    const people = h("span", { class: "file-tab-people" });
    this.made += 1;
    const button = h(
      "button",
      {
        type: "button",
        role: "tab",
        class: "file-tab",
        id: `${this.prefix}-${this.made}`,
        "aria-controls": this.panel.id,
      },
      name,
      people,
    );
    button.addEventListener("click", () => {
      this.actions.onShow(id, true);
    });
    button.addEventListener("dblclick", () => {
      this.actions.onRename(id);
    });
    const tab = { button, name, people };
    this.tabs.set(id, tab);
    return tab;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const act = this.actionOf(event.key, [...this.tabs].find(([, { button }]) => button === event.target)?.[0]);
    if (act === null) return;
    event.preventDefault();
    act();
  };

  private actionOf(key: string, file = this.current): (() => void) | null {
    const buttons = [...this.element.children];
    const at = buttons.findIndex((button) => button === this.tabs.get(file)?.button);
    const go = (to: number) => () => {
      const button = buttons[(to + buttons.length) % buttons.length];
      const id = [...this.tabs].find(([, tab]) => tab.button === button)?.[0];
      if (id === undefined) return;
      this.actions.onShow(id, false);
      this.focus();
    };
    switch (key) {
      case "ArrowLeft":
        return go(at - 1);
      case "ArrowRight":
        return go(at + 1);
      case "Home":
        return go(0);
      case "End":
        return go(-1);
      case "F2":
        return () => {
          this.actions.onRename(file);
        };
      case "Delete":
        return () => {
          this.actions.onDelete(file);
        };
      default:
        return null;
    }
  }
}

function dot({ color }: Standing): HTMLElement {
  const mark = h("span", { class: "file-tab-dot", "aria-hidden": "true" });
  mark.style.setProperty("--who", color);
  return mark;
}
