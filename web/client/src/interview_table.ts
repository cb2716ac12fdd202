import type { InterviewItem } from "./api";
import { copyButton } from "./clipboard";
import { h } from "./dom";

const STAGE_NAMES: Record<InterviewItem["status"], string> = {
  pending: "Pending",
  active: "Active",
  finished: "Finished",
};

/** Rows are kept while their interview is unchanged, so that a refresh moves neither focus nor selection. */
export class InterviewTable {
  private readonly body = h("tbody");
  readonly element = h(
    "table",
    { class: "list" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "Interview"),
        h("th", { scope: "col" }, "Candidate"),
        h("th", { scope: "col", class: "list-stage" }, "Stage"),
        h("th", { scope: "col" }, "Created"),
        h("th", { scope: "col" }, "Link"),
        h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Open")),
      ),
    ),
    this.body,
  );
  private rows = new Map<string, { version: string; row: HTMLTableRowElement }>();

  show(items: InterviewItem[], withStage: boolean): void {
    this.element.hidden = items.length === 0;
    this.element.classList.toggle("with-stage", withStage);
    const rows = new Map<string, { version: string; row: HTMLTableRowElement }>();
    const today = new Date().toDateString();
    for (const item of items) {
      const version = JSON.stringify([item, today]);
      const old = this.rows.get(item.id);
      rows.set(item.id, old?.version === version ? old : { version, row: draw(item) });
    }
    this.rows = rows;
    const wanted = [...rows.values()].map(({ row }) => row);
    const same =
      wanted.length === this.body.children.length && wanted.every((row, at) => row === this.body.children[at]);
    if (!same) this.body.replaceChildren(...wanted);
  }
}

function draw(item: InterviewItem): HTMLTableRowElement {
  const room = `/i/${item.id}`;
  const finished = item.status === "finished";
  const open = finished
    ? h("a", { class: "button", href: `${room}/replay` }, "View Replay")
    : h("a", { class: "button", href: `${room}#interviewer` }, "Run");
  open.setAttribute("aria-label", `${open.textContent}: ${item.title}`);
  const candidate = item.candidate?.name ?? item.candidate?.email ?? null;
  const copy = copyButton("Copy", () => item.url, "button icon-narrow");
  copy.setAttribute("aria-label", `Copy the link of ${item.title}`);
  return h(
    "tr",
    {},
    h("td", { class: "list-title" }, h("a", { href: finished ? `${room}/replay` : room }, item.title)),
    h("td", { class: candidate === null ? "list-nobody" : "" }, candidate ?? "Not named"),
    h(
      "td",
      { class: "list-stage" },
      h("span", { class: "chip", "data-status": item.status }, STAGE_NAMES[item.status]),
    ),
    h("td", { class: "list-time" }, time(item.created_at)),
    h(
      "td",
      {},
      h("div", { class: "list-link" }, copy, h("span", { class: "list-url" }, item.url.replace(/^https?:\/\//, ""))),
    ),
    h("td", { class: "list-open" }, open),
  );
}

function time(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const short = today
    ? date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  return h("time", { datetime: iso, title: date.toLocaleString() }, today ? `Today, ${short}` : short);
}
