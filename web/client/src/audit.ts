import { ACTIONS, actionWords, detailWords, type Noted } from "./audit_words";
import { h, icon, mount } from "./dom";
import { choice } from "./form_field";
import { exactMoment } from "./moment";
import { PagedList } from "./paged_list";

/** Of whom or of what alone the log is shown, with the words for it. */
const narrowed = new Map<"actor" | "subject", { id: string; name: string }>();
const action = choice([["", "Everything"], ...Object.entries(ACTIONS)], "");
action.id = "audit-action";
const chips = h("div", { class: "row", role: "group", "aria-label": "Only" });

const list = new PagedList<Noted>({
  path: "/api/v1/audit",
  nouns: ["entry", "entries"],
  nothing: (query) =>
    Object.keys(query).length === 0
      ? "Nothing has been changed yet."
      : "Nothing of this kind has happened. Show everything to see the rest.",
  columns: [
    { name: "When", cell: ({ at }) => exactMoment(at), class: "list-time", isPlain: "narrow" },
    { name: "Who", cell: ({ actor }) => narrower("actor", actor), isPlain: "narrow" },
    { name: "What", cell: what, class: "audit-what", isPlain: "narrow" },
    { name: "From", cell: ({ address }) => (address === "" ? null : h("code", {}, address)), class: "list-time" },
  ],
});

function what(noted: Noted): HTMLElement {
  const details = detailWords(noted);
  return h(
    "div",
    {},
    h("div", {}, actionWords(noted.action), " ", narrower("subject", noted.subject)),
    details.length === 0
      ? null
      : h("ul", { class: "audit-detail" }, ...details.map((words) => h("li", { dir: "auto" }, words))),
  );
}

/** A name that shows only what is of it. */
function narrower(kind: "actor" | "subject", { id, name }: { id: string; name: string }): HTMLElement {
  if (id === "") return h("bdi", {}, name);
  const label = `Only what ${kind === "actor" ? `${name} did` : `was done to ${name}`}`;
  const button = h("button", { type: "button", class: "text-button", title: label }, h("bdi", {}, name));
  button.addEventListener("click", () => {
    narrowed.set(kind, { id, name });
    show();
    chips.querySelector("button")?.focus();
  });
  return button;
}

function show(): void {
  chips.hidden = narrowed.size === 0;
  chips.replaceChildren(
    ...[...narrowed].map(([kind, { name }]) => {
      const words = kind === "actor" ? "Who: " : "About: ";
      const chip = h(
        "button",
        { type: "button", class: "chip-button", "aria-label": `${words}${name}. Show everything again` },
        words,
        h("bdi", {}, name),
        icon("close"),
      );
      chip.addEventListener("click", () => {
        narrowed.delete(kind);
        show();
        action.focus();
      });
      return chip;
    }),
  );
  const query: Record<string, string> = action.value === "" ? {} : { action: action.value };
  for (const [kind, { id }] of narrowed) query[kind] = id;
  void list.load(query);
}

action.addEventListener("change", show);
mount("main").append(
  h(
    "div",
    { class: "place-head" },
    h("h1", {}, "Audit log"),
    h(
      "div",
      { class: "audit-tools" },
      chips,
      h("label", { class: "visually-hidden", for: "audit-action" }, "What"),
      action,
    ),
  ),
  list.element,
);
show();
