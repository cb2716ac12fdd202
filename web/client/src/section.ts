import { h } from "./dom";

/** A part of a page of settings: what it is about beside what can be set. */
export function section(title: string, words: string, ...content: Node[]): HTMLElement {
  const id = `section-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return h(
    "section",
    { class: "setting", "aria-labelledby": id },
    h(
      "div",
      { class: "setting-about" },
      h("h2", { id }, title),
      words === "" ? null : h("p", { class: "quiet" }, words),
    ),
    h("div", { class: "setting-content" }, ...content),
  );
}
