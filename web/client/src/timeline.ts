import { safeColor } from "./color";
import { h } from "./dom";
import { clock, eventWords } from "./event_words";
import type { Player } from "./player";
import type { RecordedEvent, Recording } from "./recording";

const BARS = 240;

/** The slider, with how much was written when (and by whom) behind it and the room's events on it. */
export class Timeline {
  readonly slider = h("input", { type: "range", id: "timeline", min: "0", step: "10", "aria-label": "Time" });
  readonly element: HTMLElement;

  constructor(
    private readonly player: Player,
    marked: RecordedEvent[],
  ) {
    this.slider.max = String(player.end_ms);
    this.slider.addEventListener("input", () => {
      player.seekTo(Number(this.slider.value));
    });
    const marks = marked.map((event) => this.mark(event));
    this.element = h("div", { class: "timeline" }, activity(player.recording, player.end_ms), ...marks, this.slider);
  }

  show(at_ms: number): void {
    this.slider.value = String(at_ms);
    this.slider.setAttribute("aria-valuetext", `${clock(at_ms)} of ${clock(this.player.end_ms)}`);
    this.element.style.setProperty("--done", String(this.player.end_ms === 0 ? 0 : at_ms / this.player.end_ms));
  }

  private mark(event: RecordedEvent): HTMLElement {
    const words = eventWords(event, this.player.recording.participants);
    const mark = h("span", {
      class: "timeline-mark",
      title: `${clock(event.at_ms)} ${words}`,
      "data-kind": event.kind,
    });
    mark.style.setProperty("--at", String(this.player.end_ms === 0 ? 0 : event.at_ms / this.player.end_ms));
    return mark;
  }
}

/** One bar a slice of time, as high as what was written in it, in the colour of who wrote most. */
function activity(recording: Recording, end_ms: number): SVGSVGElement {
  const slices = Array.from({ length: BARS }, () => ({ units: 0, by: new Map<number, number>() }));
  const { operations } = recording;
  for (let index = 0; index < operations.length; index += 1) {
    const at_ms = operations.at_ms[index] ?? 0;
    const who = operations.writer[index] ?? -1;
    const slice = slices[Math.min(BARS - 1, Math.floor((at_ms / Math.max(1, end_ms)) * BARS))];
    if (slice === undefined) continue;
    const units = Math.min(200, (operations.inserted[index] ?? 0) + (operations.deleted[index] ?? 0));
    slice.units += units;
    slice.by.set(who, (slice.by.get(who) ?? 0) + units);
  }
  const most = Math.max(1, ...slices.map((slice) => slice.units));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "timeline-activity");
  svg.setAttribute("viewBox", `0 0 ${BARS} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  slices.forEach(({ units, by }, at) => {
    if (units === 0) return;
    const [who = -1] = [...by].sort((a, b) => b[1] - a[1])[0] ?? [];
    const height = 12 + 88 * Math.sqrt(units / most);
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    bar.setAttribute("x", String(at + 0.1));
    bar.setAttribute("width", "0.8");
    bar.setAttribute("y", String(100 - height));
    bar.setAttribute("height", String(height));
    bar.setAttribute("fill", safeColor(recording.participants[who]?.color ?? ""));
    svg.append(bar);
  });
  return svg;
}
