import "./list.css";
import * as api from "./api";
import { announce, h } from "./dom";
import { problemWords } from "./navigation";

interface Page<T> {
  items: T[];
  /** Absent where there are never many. */
  next_cursor?: string | null;
}

interface Column<T> {
  name: string;
  cell: (item: T) => Node | string | null;
  class?: string;
  /** Where its cells need no heading for those who see them: nowhere, or only not where there is no table's width. */
  isPlain?: "always" | "narrow";
}

interface Shape<T> {
  path: string;
  columns: Column<T>[];
  /** Of one, and of several. */
  nouns: readonly [string, string];
  /** Words for where there is none, with the query that led there. */
  nothing: (query: Record<string, string>) => string;
  /** Whose row stands back. */
  isPast?: (item: T) => boolean;
}

const PAGE_SIZE = 50;
const MOST = 200; // that the server gives at once

/** A table that comes from the server page by page, and says so while it does. */
export class PagedList<T extends { id: string | number }> {
  readonly element: HTMLElement;
  private items: T[] = [];
  private isRead = false;
  private cursor: string | null = null;
  private query: Record<string, string> = {};
  private asked = 0;
  private readonly body = h("tbody");
  private readonly table: HTMLTableElement;
  private readonly words = h("p", { class: "empty", role: "status" });
  private readonly problem = h("div", { class: "notice danger", role: "alert", hidden: true });
  private readonly more = h("button", { type: "button", class: "button soft list-more", hidden: true }, "Show more");

  constructor(private readonly shape: Shape<T>) {
    const headings = shape.columns.map(({ name, isPlain }) =>
      h("th", { scope: "col" }, isPlain === "always" ? h("span", { class: "visually-hidden" }, name) : name),
    );
    this.table = h("table", { class: "list", hidden: true }, h("thead", {}, h("tr", {}, ...headings)), this.body);
    this.element = h("div", { class: "paged" }, this.problem, this.words, this.table, this.more);
    this.more.addEventListener("click", () => {
      if (this.element.ariaBusy !== "true") void this.read(this.cursor);
    });
  }

  /** From the first page on. What is shown stays until the answer is there. */
  async load(query: Record<string, string> = this.query): Promise<void> {
    this.query = query;
    if (this.items.length === 0) this.say("Loading…");
    await this.read(null);
  }

  /** Puts the new state of a row in its place, or a new row first. */
  put(item: T): void {
    const at = this.items.findIndex(({ id }) => id === item.id);
    const row = this.draw(item);
    if (at < 0) {
      this.items.unshift(item);
      this.body.prepend(row);
    } else {
      this.items[at] = item;
      this.body.children[at]?.replaceWith(row);
    }
    this.showWhether();
  }

  /** What is shown, as it is now: nothing else is touched, for somebody reads in it. A failure is left to the next. */
  async refresh(): Promise<void> {
    if (!this.isRead || this.element.ariaBusy === "true") return;
    const asked = (this.asked += 1);
    const limit = Math.min(MOST, Math.max(PAGE_SIZE, this.items.length));
    const query = new URLSearchParams({ ...this.query, limit: String(limit) });
    try {
      const { items, next_cursor = null } = await api.call<Page<T>>("GET", `${this.shape.path}?${query.toString()}`);
      if (asked !== this.asked) return;
      if (next_cursor === null || this.items.length <= limit) this.renew(items, next_cursor);
    } catch (error) {
      console.debug(error);
    }
  }

  private renew(items: T[], cursor: string | null): void {
    const old = new Map(this.items.map((item, at) => [item.id, { text: JSON.stringify(item), row: this.body.children[at] }]));
    const rows = items.map((item) => {
      const was = old.get(item.id);
      return was?.row !== undefined && was.text === JSON.stringify(item) ? was.row : this.draw(item);
    });
    const held = this.items.find((_, at) => this.body.children[at]?.contains(document.activeElement));
    const kept = new Set<Element>(rows);
    for (const row of [...this.body.children]) if (!kept.has(row)) row.remove();
    // Rows that are in their place are not moved: that would take the focus out of them.
    for (const [at, row] of rows.entries()) {
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    }
    if (held !== undefined && !this.body.contains(document.activeElement)) {
      rows[items.findIndex(({ id }) => id === held.id)]?.querySelector<HTMLElement>("a, button")?.focus();
    }
    this.items = items;
    this.cursor = cursor;
    this.more.hidden = cursor === null;
    this.problem.hidden = true;
    this.showWhether();
  }

  private async read(cursor: string | null): Promise<void> {
    const asked = (this.asked += 1);
    this.element.ariaBusy = "true";
    const query = new URLSearchParams({ ...this.query, limit: String(PAGE_SIZE), ...(cursor === null ? {} : { cursor }) });
    try {
      const page = await api.call<Page<T>>("GET", `${this.shape.path}?${query.toString()}`);
      if (asked !== this.asked) return;
      this.show(page, cursor !== null);
    } catch (error) {
      if (asked !== this.asked) return;
      this.fail(error, cursor);
    }
    this.element.ariaBusy = "false";
  }

  private show({ items, next_cursor = null }: Page<T>, isContinued: boolean): void {
    const rows = items.map((item) => this.draw(item));
    const hadFocus = document.activeElement === this.more;
    this.problem.hidden = true;
    this.isRead = true;
    this.cursor = next_cursor;
    if (isContinued) {
      this.items.push(...items);
      this.body.append(...rows);
    } else {
      this.items = items;
      this.body.replaceChildren(...rows);
    }
    this.more.hidden = next_cursor === null;
    // With the button gone the focus goes on to what it has brought.
    if (hadFocus && this.more.hidden) rows[0]?.querySelector<HTMLElement>("a, button")?.focus();
    this.showWhether();
    const [one, several] = this.shape.nouns;
    const count = this.items.length;
    if (count > 0) announce(`${count} ${count === 1 ? one : several}${next_cursor === null ? "" : ", and more"}`);
  }

  private showWhether(): void {
    this.table.hidden = this.items.length === 0;
    this.say(this.items.length === 0 ? this.shape.nothing(this.query) : "");
  }

  private say(words: string): void {
    this.words.textContent = words;
    this.words.hidden = words === "";
  }

  private fail(error: unknown, cursor: string | null): void {
    if (this.items.length === 0) this.say("");
    const again = h("button", { type: "button", class: "button" }, "Try again");
    again.addEventListener("click", () => void this.read(cursor));
    this.problem.replaceChildren(
      h(
        "p",
        {},
        `${this.items.length === 0 ? "This cannot be shown." : "This may be out of date."} ${problemWords(error)}`,
      ),
      again,
    );
    this.problem.hidden = false;
  }

  private draw(item: T): HTMLTableRowElement {
    const cells = this.shape.columns.map(({ name, cell, class: style, isPlain }) =>
      h("td", { class: style ?? "", "data-name": isPlain === undefined ? name : false }, cell(item)),
    );
    return h("tr", { class: this.shape.isPast?.(item) === true ? "is-past" : false }, ...cells);
  }
}
