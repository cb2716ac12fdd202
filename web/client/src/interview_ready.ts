import type { InterviewItem } from "./agenda";
import { copyButton } from "./clipboard";
import { h, icon } from "./dom";
import { isolated } from "./isolated";
import { ownZone } from "./moment";
import { dateWords } from "./wall_clock";

/** The links of what was just made, above the list until they are put away. */
export class Ready {
  readonly element = h("section", { class: "ready", "aria-labelledby": "ready-title", hidden: true });
  private items: readonly InterviewItem[] = [];

  constructor(private readonly onClose: () => void) {
    this.element.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.close();
    });
  }

  show(items: readonly InterviewItem[]): void {
    if (items.length === 0) return;
    this.draw(items);
    this.element.querySelector<HTMLElement>(".ready-copy")?.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Nobody copies the link of an interview that was cancelled. */
  withdraw(ids: ReadonlySet<string>): void {
    const left = this.items.filter(({ id }) => !ids.has(id));
    if (!this.element.hidden && left.length < this.items.length) this.draw(left);
  }

  private draw(items: readonly InterviewItem[]): void {
    this.items = items;
    this.element.hidden = items.length === 0;
    const [first] = items;
    if (first === undefined) return;
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Put the links away" }, icon("close"));
    close.addEventListener("click", () => {
      this.close();
    });
    const title = items.length === 1 ? `${isolated(first.title)} is ready` : `${items.length} blocks are ready`;
    this.element.replaceChildren(
      h("div", { class: "ready-head" }, h("h2", { id: "ready-title" }, title), close),
      h("p", { class: "quiet" }, "Invite by copying the link or by e-mail. It is the same for everybody; the candidate needs no account."),
      ...items.map((item, at) => link(item, items.length > 1, at === 0)),
    );
    if (items.length > 1) {
      const all = (): string => items.map((item) => `${item.title}${startWords(item)}\n${item.url}`).join("\n\n");
      this.element.append(h("div", { class: "row" }, copyButton("Copy all links", all)));
    }
  }

  private close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.onClose();
  }
}

function link(item: InterviewItem, isBlock: boolean, isFirst: boolean): HTMLElement {
  const block = isBlock ? `Block ${item.series?.block ?? 1}${startWords(item)}` : "The interview’s link";
  const id = `ready-${item.id}`;
  const url = h("input", { type: "text", class: "ready-url", id, readonly: true, value: item.url });
  url.addEventListener("focus", () => {
    url.select();
  });
  const copy = copyButton("Copy", () => item.url, isFirst ? "button primary ready-copy" : "button");
  copy.setAttribute("aria-describedby", id);
  const to = encodeURIComponent(item.candidate.email ?? "");
  const subject = encodeURIComponent(item.title);
  const body = encodeURIComponent(`${item.title}${startWords(item)}\n\n${item.url}\n\nOpen the link at that time. No account is needed.`);
  return h(
    "div",
    { class: "ready-link" },
    h("label", { for: id, class: isBlock ? "" : "visually-hidden" }, block),
    url,
    copy,
    h("a", { class: "button", href: `mailto:${to}?subject=${subject}&body=${body}` }, "E-mail it"),
    h("a", { class: "button", href: `/i/${item.id}#interviewer` }, "Run"),
  );
}

function startWords(item: InterviewItem): string {
  if (item.scheduled_at === null) return "";
  const zone = item.time_zone ?? ownZone;
  return ` · ${dateWords(Date.parse(item.scheduled_at), zone)} (${zone})`;
}
