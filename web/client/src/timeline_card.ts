import { h } from "./dom";
import { clamp } from "./timeline_scale";

/** What floats above the timeline: a time, who, and some text or the marks there. It never takes the pointer. */
export class TimelineCard {
  private readonly time = h("strong", { class: "timeline-card-time" });
  private readonly title = h("span", { class: "timeline-card-title" });
  private readonly text = h("pre", { class: "timeline-card-text" });
  readonly element = h(
    "div",
    { class: "timeline-card", "aria-hidden": "true", hidden: true },
    h("p", {}, this.time, this.title),
    this.text,
  );

  /** `x` and `width` are of the timeline. `prose`: the text is no code. */
  show(x: number, width: number, time: string, title: string, text: string, prose = false): void {
    this.time.textContent = time;
    this.title.textContent = title;
    this.text.textContent = prose ? text : dedented(text);
    this.text.hidden = text === "";
    this.text.classList.toggle("is-prose", prose);
    this.element.hidden = false;
    const own = this.element.offsetWidth;
    this.element.style.transform = `translateX(${Math.round(clamp(x - own / 2, 0, Math.max(0, width - own)))}px)`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}

/** Without the indentation that all lines have, and without empty lines at both ends: there is little room. */
function dedented(text: string): string {
  const lines = text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd().split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  return indents.length === 0 ? "" : lines.map((line) => line.slice(common)).join("\n");
}
