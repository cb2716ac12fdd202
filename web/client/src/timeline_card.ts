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
    this.text.textContent = text;
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
