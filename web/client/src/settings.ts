import "./settings.css";
import { h, mount } from "./dom";
import { problemWords } from "./navigation";

/** A page of sections, shown when what they are about is there. */
export async function settings(title: string, sections: () => Promise<HTMLElement[]>): Promise<void> {
  const main = mount("main");
  const state = h("p", { class: "empty", role: "status" }, "Loading…");
  main.append(h("div", { class: "place-head" }, h("h1", {}, title)), state);
  try {
    state.replaceWith(...(await sections()));
  } catch (error) {
    state.textContent = `This cannot be shown. ${problemWords(error)} Reload the page to try again.`;
  }
}

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
