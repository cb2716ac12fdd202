import { h } from "./dom";
import type { Activity } from "./timeline_activity";
import { prepare, type Track } from "./timeline_paint";
import type { Palette } from "./timeline_palette";
import { clamp, TimeScale } from "./timeline_scale";

const PITCH_PX = 2;

/** All of it in a strip, with the part in view as a window to drag. */
export class TimelineOverview {
  private readonly canvas = h("canvas", {});
  private readonly window = h("div", { class: "timeline-window" });
  private readonly head = h("div", { class: "timeline-overview-head" });
  readonly element = h(
    "div",
    { class: "timeline-overview", "aria-hidden": "true" },
    this.canvas,
    this.window,
    this.head,
  );
  private readonly whole = new TimeScale();
  private grabbed: number | null = null;

  constructor(
    private readonly scale: TimeScale,
    private readonly palette: Palette,
    onMoved: () => void,
  ) {
    const go = (event: PointerEvent): void => {
      const left = event.clientX - this.element.getBoundingClientRect().left - (this.grabbed ?? 0);
      scale.pan(scale.xOf(this.whole.timeOf(left)) - scale.left);
      onMoved();
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || scale.fitted) return;
      this.element.setPointerCapture(event.pointerId);
      const { left, width } = this.window.getBoundingClientRect();
      const inside = event.clientX >= left && event.clientX <= left + width;
      this.grabbed = inside ? event.clientX - left : width / 2;
      go(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.grabbed !== null) go(event);
    });
    const release = (): void => {
      this.grabbed = null;
    };
    this.element.addEventListener("pointerup", release);
    this.element.addEventListener("pointercancel", release);
  }

  draw(rows: readonly Track[], activity: Activity): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.scale.whole(this.whole, width);
    const context = prepare(this.canvas, width, height);
    if (context === null) return;
    const count = Math.ceil(width / PITCH_PX);
    const edges = Float64Array.from({ length: count + 1 }, (_, at) =>
      at === count ? Infinity : this.whole.timeOf(at * PITCH_PX),
    );
    const sums = new Float64Array(count);
    rows.forEach((_, row) => {
      activity.bins(row, edges).forEach((units, bin) => {
        sums[bin] = (sums[bin] ?? 0) + units;
      });
    });
    const full = sums.reduce((most, units) => Math.max(most, units), 1);
    context.fillStyle = this.palette.color("line-strong");
    sums.forEach((units, bin) => {
      const bar = Math.ceil((height - 4) * Math.sqrt(units / full));
      if (units > 0) context.fillRect(bin * PITCH_PX, height - 2 - bar, PITCH_PX - 0.5, bar);
    });
  }

  /** Where the view is. */
  place(): void {
    const { scale, whole } = this;
    const from = whole.xOf(scale.timeAt(0));
    const to = whole.xOf(scale.timeAt(scale.viewWidth));
    const width = clamp(to - from, 8, whole.viewWidth);
    this.window.style.width = `${width}px`;
    this.window.style.transform = `translateX(${Math.min(from, whole.viewWidth - width)}px)`;
    this.element.classList.toggle("is-whole", scale.fitted);
  }

  show(at_ms: number): void {
    this.head.style.transform = `translateX(${this.whole.xOf(at_ms)}px)`;
  }
}
