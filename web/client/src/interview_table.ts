import type { InterviewItem } from "./agenda";
import { h } from "./dom";
import { drawRow } from "./interview_row";
import { menuButton, type MenuItem } from "./menu";

interface Row {
  version: string;
  item: InterviewItem;
  row: HTMLTableRowElement;
}

interface TableOptions {
  /** Null: whoever looks may only look. */
  menu: ((item: InterviewItem) => MenuItem[]) | null;
  onTicks: () => void;
  onKey: (key: string, item: InterviewItem) => void;
}

/** Rows are kept while their interview is unchanged, so that a refresh moves neither focus nor selection. */
export class InterviewTable {
  private readonly body = h("tbody");
  private readonly all = h("input", { type: "checkbox", "aria-label": "Tick all on this page", "data-control": "tick" });
  readonly element: HTMLTableElement;
  private rows = new Map<string, Row>();
  private readonly ticks = new Set<string>();

  constructor(private readonly options: TableOptions) {
    this.element = h("table", { class: "list interviews" }, h("thead", {}, this.head()), this.body);
    this.all.addEventListener("change", () => {
      this.tick(this.all.checked ? this.tickable().map(({ item }) => item.id) : []);
    });
    this.element.addEventListener("keydown", (event) => {
      this.onKey(event);
    });
  }

  /** Those of the rows that are shown. */
  get ticked(): InterviewItem[] {
    return this.tickable().map(({ item }) => item).filter(({ id }) => this.ticks.has(id));
  }

  /** In whose row the focus is. */
  get focused(): InterviewItem | null {
    return this.rowOf(document.activeElement)?.item ?? null;
  }

  tick(ids: readonly string[]): void {
    this.ticks.clear();
    for (const id of ids) this.ticks.add(id);
    this.showTicks();
  }

  show(items: InterviewItem[], words: readonly string[] | null, fresh: ReadonlySet<string>): void {
    const focus = this.focus();
    this.element.hidden = items.length === 0;
    this.element.classList.toggle("with-stage", words !== null);
    this.element.classList.toggle("with-ticks", this.options.menu !== null && items.some(isTickable));
    const rows = new Map<string, Row>();
    const today = new Date().toDateString();
    for (const item of items) {
      const version = JSON.stringify([item, words, today]);
      const old = this.rows.get(item.id);
      const isKept = old?.version === version || (old?.row.querySelector(".menu") ?? null) !== null;
      rows.set(item.id, isKept && old ? old : { version, item, row: this.draw(item, words ?? []) });
    }
    this.rows = rows;
    const wanted = [...rows.values()].map(({ row }) => row);
    const kept = new Set<Element>(wanted);
    for (const row of [...this.body.children]) if (!kept.has(row)) row.remove();
    // A row that is in its place is not taken out: that would close its menu.
    for (const [at, row] of wanted.entries()) {
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    }
    for (const { item, row } of rows.values()) row.classList.toggle("is-fresh", fresh.has(item.id));
    this.showTicks();
    if (focus !== null && !this.body.contains(document.activeElement)) this.focusAgain(focus);
  }

  private head(): HTMLTableRowElement {
    const hidden = (words: string): HTMLElement => h("span", { class: "visually-hidden" }, words);
    return h(
      "tr",
      {},
      h("th", { scope: "col", class: "list-tick" }, this.all),
      h("th", { scope: "col" }, "Interview"),
      h("th", { scope: "col" }, "Candidate"),
      h("th", { scope: "col" }, "Interviewers"),
      h("th", { scope: "col", class: "list-stage" }, "Stage"),
      h("th", { scope: "col" }, "Time"),
      h("th", { scope: "col" }, "Link"),
      h("th", { scope: "col" }, hidden("Open")),
    );
  }

  private draw(item: InterviewItem, words: readonly string[]): HTMLTableRowElement {
    const { menu } = this.options;
    if (menu === null) return drawRow(item, words, null, null);
    const button = menuButton(`More for ${item.title}`, () => menu(item));
    if (!isTickable(item)) return drawRow(item, words, null, button);
    const tick = h("input", { type: "checkbox", "aria-label": `Tick ${item.title}`, "data-control": "tick" });
    tick.addEventListener("change", () => {
      if (tick.checked) this.ticks.add(item.id);
      else this.ticks.delete(item.id);
      this.showTicks();
    });
    return drawRow(item, words, tick, button);
  }

  private showTicks(): void {
    const tickable = this.tickable();
    for (const { item, row } of tickable) {
      const tick = row.querySelector<HTMLInputElement>(".list-tick input");
      if (tick) tick.checked = this.ticks.has(item.id);
      row.classList.toggle("is-ticked", this.ticks.has(item.id));
    }
    const { length } = this.ticked;
    this.all.checked = length > 0 && length === tickable.length;
    this.all.indeterminate = length > 0 && length < tickable.length;
    this.options.onTicks();
  }

  private tickable(): Row[] {
    return [...this.rows.values()].filter(({ item }) => isTickable(item));
  }

  /** Up and down go to the same control of the next row. */
  private onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.rowOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const next = (row ? this.place(row) : -1) + step;
      if (this.focusAt(next, controlOf(document.activeElement))) event.preventDefault();
    } else if (row !== null && ["F2", "Delete"].includes(event.key)) {
      event.preventDefault();
      this.options.onKey(event.key, row.item);
    }
  }

  private focus(): { id: string; control: string; at: number } | null {
    const row = this.rowOf(document.activeElement);
    return row === null ? null : { id: row.item.id, control: controlOf(document.activeElement), at: this.place(row) };
  }

  /** Of a row that was drawn anew, or has gone: then the one in its place. */
  private focusAgain({ id, control, at }: { id: string; control: string; at: number }): void {
    const again = this.rows.get(id);
    if (this.focusAt(again ? this.place(again) : Math.min(at, this.rows.size - 1), control)) return;
    this.element.closest<HTMLElement>("[role=tabpanel]")?.focus();
  }

  private focusAt(at: number, control: string): boolean {
    const row = this.body.children[at];
    const found = row?.querySelector<HTMLElement>(`[data-control=${control}]`) ?? row?.querySelector<HTMLElement>("[data-control=open]");
    found?.focus();
    return found !== undefined && found !== null;
  }

  private place({ row }: Row): number {
    return Array.prototype.indexOf.call(this.body.children, row);
  }

  private rowOf(element: Element | null): Row | null {
    const id = element?.closest<HTMLElement>("tr[data-id]")?.dataset["id"];
    return id === undefined || !this.body.contains(element) ? null : (this.rows.get(id) ?? null);
  }
}

function isTickable({ status }: InterviewItem): boolean {
  return status !== "finished";
}

function controlOf(element: Element | null): string {
  return element?.closest<HTMLElement>("[data-control]")?.dataset["control"] ?? "open";
}
