import { h, icon } from "./dom";

const PAUSE_MS = 150;

/** Searches while one types; Escape ends the search. */
export class SearchBox {
  private timer = 0;
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;

  constructor(label: string, placeholder: string, onQuery: (query: string) => void, shortcut?: string) {
    this.input = h("input", {
      type: "search",
      id: "search",
      placeholder,
      autocomplete: "off",
      maxlength: "200",
      "aria-keyshortcuts": shortcut ?? false,
    });
    this.element = h(
      "div",
      { class: "search", role: "search" },
      h("label", { for: "search" }, icon("search"), h("span", { class: "visually-hidden" }, label)),
      this.input,
    );
    const tell = (): void => {
      onQuery(this.value);
    };
    this.input.addEventListener("input", () => {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(tell, PAUSE_MS);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.input.value === "") return;
      event.preventDefault();
      window.clearTimeout(this.timer);
      this.input.value = "";
      tell();
    });
  }

  get value(): string {
    return this.input.value.trim();
  }

  set value(query: string) {
    window.clearTimeout(this.timer);
    this.input.value = query;
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }
}
