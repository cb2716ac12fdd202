import { h, passFocus } from "./dom";

/** Pages of a list by their cursors, the first being "". */
export class Pager {
  private cursors = [""];
  private next: string | null = null;
  private readonly range = h("span", { class: "quiet" });
  private readonly newer = h("button", { type: "button", class: "button soft" }, "Newer");
  private readonly older = h("button", { type: "button", class: "button soft" }, "Older");
  readonly element = h("nav", { class: "pager", "aria-label": "Pages", hidden: true }, this.range, this.newer, this.older);

  constructor(
    private readonly size: number,
    onTurn: () => void,
  ) {
    this.newer.addEventListener("click", () => {
      if (this.back()) onTurn();
    });
    this.older.addEventListener("click", () => {
      if (this.next === null) return;
      this.cursors.push(this.next);
      onTurn();
    });
  }

  get cursor(): string {
    return this.cursors.at(-1) ?? "";
  }

  get isFirst(): boolean {
    return this.cursors.length === 1;
  }

  reset(): void {
    this.cursors = [""];
  }

  /** Whether there was a page before. */
  back(): boolean {
    if (this.isFirst) return false;
    this.cursors.pop();
    return true;
  }

  show(shown: number, total: number, next: string | null): void {
    this.next = next;
    // What is newer than a page may grow while one reads it: the last is counted from the end.
    const before = next === null ? Math.max(0, total - shown) : (this.cursors.length - 1) * this.size;
    this.element.hidden = this.isFirst && next === null;
    this.range.textContent = `${before + 1}–${before + shown} of ${Math.max(total, before + shown)}`;
    if (this.isFirst) passFocus(this.newer, this.older);
    this.newer.disabled = this.isFirst;
    if (next === null) passFocus(this.older, this.newer);
    this.older.disabled = next === null;
  }
}
