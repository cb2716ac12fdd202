import type { Activity } from "./timeline_activity";
import { drawGlyph } from "./timeline_glyph";
import type { Cluster } from "./timeline_mark";
import type { Palette } from "./timeline_palette";
import type { Stay } from "./timeline_presence";
import type { TimeScale } from "./timeline_scale";
import { span, ticks } from "./timeline_tick";

export const RULER_PX = 24;
/** The middle of what is written there; below it are the ticks, and the grip. */
const WORDS_Y = 8.5;
export const MARKS_PX = 20;
export const HEAD_PX = RULER_PX + MARKS_PX;
export const MARK_PX = 18;
/** One bar and the space after it. */
const PITCH_PX = 3;
const BAR_PX = 2;
const LABELS_PX = 72;
const HATCH_PX = 4;

const DIM = 0.22;

export interface Track {
  color: string;
  stays: readonly Stay[];
  dim: boolean;
}

/** Sized in CSS pixels, sharp in the screen's; empty. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio;
  const [across, down] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

export class Paint {
  constructor(
    private readonly scale: TimeScale,
    private readonly palette: Palette,
    private readonly font: () => string,
  ) {}

  /** The ruler and the lane of marks. */
  head(canvas: HTMLCanvasElement, end_ms: number, clusters: readonly Cluster[], hovered: Cluster | null): void {
    const { scale, palette } = this;
    const context = prepare(canvas, scale.viewWidth, HEAD_PX);
    if (context === null) return;
    context.font = this.font();
    context.textBaseline = "middle";
    const folds = scale.visibleFolds().map((fold) => ({ ...fold, x: fold.x - scale.left }));
    context.fillStyle = palette.color("line");
    context.fillRect(0, RULER_PX - 1, scale.viewWidth, 1);
    context.fillRect(0, HEAD_PX - 1, scale.viewWidth, 1);
    const taken: [number, number][] = [];
    const write = (words: string, from: number, y: number, framed = false): void => {
      const to = from + context.measureText(words).width;
      const isTaken = taken.some(([left, right]) => from < right + 10 && to > left - 10);
      if (isTaken || from < 0 || to > scale.viewWidth) return;
      taken.push([from, to]);
      if (framed) {
        context.fillStyle = palette.color("sunken");
        context.beginPath();
        context.roundRect(from - 4, y - 6.5, to - from + 8, 13, 4);
        context.fill();
      }
      context.fillStyle = palette.color("ink-2");
      context.fillText(words, from, y);
    };
    for (const { x, label } of ticks(scale, end_ms, LABELS_PX)) {
      context.fillStyle = palette.color(label === null ? "line" : "line-strong");
      const top = label === null ? RULER_PX - 5 : RULER_PX - 9;
      context.fillRect(this.crisp(x), top, 1, RULER_PX - 1 - top);
      if (label !== null) write(label, this.crisp(x) + 4, WORDS_Y);
    }
    for (const { x, width, from_ms, to_ms } of folds.toSorted((a, b) => b.to_ms - b.from_ms - a.to_ms + a.from_ms)) {
      const words = span(to_ms - from_ms);
      const length = context.measureText(words).width;
      write(words, this.crisp(x + width / 2 - length / 2), WORDS_Y, true);
    }
    for (const cluster of clusters) this.cluster(context, cluster, cluster === hovered);
  }

  tracks(
    canvas: HTMLCanvasElement,
    end_ms: number,
    rows: readonly Track[],
    row_px: number,
    activity: Activity,
    lit: Activity,
  ): void {
    const { scale, palette } = this;
    const height = rows.length * row_px;
    const context = prepare(canvas, scale.viewWidth, height);
    if (context === null) return;
    const folds = scale.visibleFolds().map((fold) => ({ ...fold, x: fold.x - scale.left }));
    context.fillStyle = palette.color("line");
    context.globalAlpha = 0.55;
    for (const { x, label } of ticks(scale, end_ms, LABELS_PX)) {
      if (label !== null) context.fillRect(this.crisp(x), 0, 1, height);
    }
    context.globalAlpha = 1;
    const slices = this.slices();
    const full = activity.full(PITCH_PX / Math.max(1e-9, scale.pxPerMs));
    rows.forEach(({ color, stays, dim }, row) => {
      const { ink, wash } = palette.person(color);
      const [top, most] = [row * row_px + 2, row_px - 5];
      context.fillStyle = wash;
      context.globalAlpha = dim ? 0.4 : 1;
      for (const { from_ms, to_ms } of stays) {
        const left = Math.max(-4, scale.xOf(from_ms) - scale.left);
        const right = Math.min(scale.viewWidth + 4, scale.xOf(to_ms) - scale.left);
        if (right <= left) continue;
        context.beginPath();
        context.roundRect(left, top, Math.max(2, right - left), row_px - 4, 3);
        context.fill();
      }
      context.fillStyle = ink;
      const bars = (of: Activity, alpha: number): void => {
        context.globalAlpha = alpha;
        of.bins(row, slices.edges).forEach((units, bin) => {
          if (units === 0) return;
          const bar = Math.max(2, Math.round(most * Math.min(1, Math.sqrt(units / full))));
          context.fillRect(slices.first + bin * PITCH_PX, top + row_px - 4 - bar, BAR_PX, bar);
        });
      };
      bars(activity, dim || lit !== activity ? DIM : 0.95);
      if (lit !== activity && !dim) bars(lit, 0.95);
      context.globalAlpha = 1;
      context.fillStyle = palette.color("line");
      context.fillRect(0, (row + 1) * row_px - 1, scale.viewWidth, 1);
    });
    this.fold(context, folds, 0, height);
  }

  /** Slices of time under the bars; they move with the content, so that panning does not make them flicker. */
  private slices(): { first: number; edges: Float64Array } {
    const { scale } = this;
    const from = Math.floor(scale.left / PITCH_PX);
    const count = Math.ceil(scale.viewWidth / PITCH_PX) + 2;
    const edges = Float64Array.from({ length: count + 1 }, (_, at) => scale.timeOf((from + at) * PITCH_PX));
    // What happened at the very end belongs to the last bar.
    for (let at = count; at > 0 && (edges[at - 1] ?? 0) >= (edges[at] ?? 0); at -= 1) edges[at] = Infinity;
    return { first: this.crisp(from * PITCH_PX - scale.left), edges };
  }

  /** The time that is left out: a hatched sliver through everything. */
  private fold(
    context: CanvasRenderingContext2D,
    folds: readonly { x: number; width: number }[],
    top: number,
    bottom: number,
  ): void {
    for (const { x, width } of folds) {
      const left = this.crisp(x);
      const right = this.crisp(x + width);
      context.fillStyle = this.palette.color("surface");
      context.fillRect(left, top, right - left, bottom - top);
      context.save();
      context.beginPath();
      context.rect(left + 2, top, right - left - 4, bottom - top);
      context.clip();
      context.beginPath();
      for (let y = top - width; y < bottom + width; y += HATCH_PX) {
        context.moveTo(left, y + width);
        context.lineTo(left + width, y);
      }
      context.strokeStyle = this.palette.color("line-strong");
      context.globalAlpha = 0.32;
      context.stroke();
      context.restore();
    }
  }

  private cluster(context: CanvasRenderingContext2D, { x, marks }: Cluster, hovered: boolean): void {
    const { scale, palette } = this;
    const at = this.crisp(x - scale.left);
    const [first] = marks;
    if (first === undefined || at < -MARK_PX || at > scale.viewWidth + MARK_PX) return;
    const middle = RULER_PX + MARKS_PX / 2 - 0.5;
    const ink = palette.color(hovered ? "accent" : first.glyph === "other" ? "ink-3" : "ink-2");
    if (marks.length === 1) {
      drawGlyph(context, first.glyph, at, middle, ink);
      return;
    }
    const words = marks.length > 99 ? "99+" : String(marks.length);
    const half = Math.max(7, context.measureText(words).width / 2 + 3.5);
    context.beginPath();
    context.roundRect(at - half, middle - 7, 2 * half, 14, 7);
    context.fillStyle = ink;
    context.fill();
    context.fillStyle = palette.color("surface");
    context.textAlign = "center";
    context.fillText(words, at, middle + 0.5);
    context.textAlign = "left";
  }

  private crisp(x: number): number {
    const ratio = window.devicePixelRatio;
    return Math.round(x * ratio) / ratio;
  }
}
