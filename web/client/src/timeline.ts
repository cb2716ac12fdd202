import "./timeline.css";
import { h, icon, passFocus } from "./dom";
import { clock, spokenClock } from "./event_words";
import type { Player } from "./player";
import { TimelineCard } from "./timeline_card";
import { TimelineGestures } from "./timeline_gesture";
import { clusters, marksOf, type Cluster, type Mark } from "./timeline_mark";
import { TimelineOverview } from "./timeline_overview";
import { HEAD_PX, MARK_PX, MARKS_PX, Paint, RULER_PX } from "./timeline_paint";
import { Palette } from "./timeline_palette";
import { clamp, commonGaps, firstBeyond, TimeScale } from "./timeline_scale";
import { span } from "./timeline_tick";
import { Tracks, typing, type Filter } from "./timeline_track";

const MARKS_APART_PX = 20;
const NEAR_PX = 10;
const STEP_MS = 5_000;
const PAGE_MS = 60_000;
/** All tracks together are about so high at most; more of them are narrower, and scroll at last. */
const TRACKS_PX = 168;
const NARROW_TRACKS_PX = 126;
const NARROW_PX = 600;
/** The player skips shorter ones too; folding those would only make the view restless. */
const FOLDED_MS = 30_000;
const FOLDED_SHARE = 0.01;
const MOST_LISTED = 6;

export interface TimelineOptions {
  player: Player;
  /** Its edits are activity too. */
  notes: Player | null;
  /** `final`: the pointer was let go. At most once a frame. */
  onSeek(at_ms: number, final: boolean): void;
  /** Who and where ("Cleo in main.py"), and a few lines of the text at a time. */
  preview(at_ms: number): { title: string; text: string };
}

/** Time at one's fingertips: ruler, marks, a track a person, and the playhead. It moves nothing but itself. */
export class Timeline {
  readonly element: HTMLElement;
  private readonly scale = new TimeScale();
  private readonly palette: Palette;
  private readonly paint: Paint;
  private readonly overview: TimelineOverview;
  private readonly card = new TimelineCard();
  private readonly gestures: TimelineGestures;
  private readonly observer: ResizeObserver;
  private readonly headCanvas = h("canvas", { class: "timeline-head" });
  private readonly tracksCanvas = h("canvas", { class: "timeline-tracks" });
  private readonly played = h("div", {});
  private readonly hoverLine = h("div", { class: "timeline-hover", hidden: true });
  private readonly playhead = h("div", { class: "timeline-playhead" }, h("div", { class: "timeline-grip" }));
  private readonly gutter = h("div", { class: "timeline-gutter", "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly body: HTMLElement;
  private readonly foldButton = button("Fold idle time", "fold", h("span", {}, "Fold idle time"));
  private readonly outButton = button("Zoom out", "minus");
  private readonly inButton = button("Zoom in", "plus");
  private readonly fitButton = button("Show the whole interview", "fit");
  private filter: Filter = { who: null, root: null };
  private tracks: Tracks;
  private marks: Mark[] = [];
  private clusters: readonly Cluster[] = [];
  private hovered: Cluster | null = null;
  private at_ms = 0;
  private said = "";
  private row_px = 0;
  private frame = 0;

  constructor(private readonly options: TimelineOptions) {
    this.plot = h(
      "div",
      {
        id: "timeline",
        class: "timeline-plot",
        role: "slider",
        tabindex: "0",
        "aria-label": "Time",
        "aria-valuemin": "0",
      },
      this.headCanvas,
      this.tracksCanvas,
      h("div", { class: "timeline-played" }, this.played),
      this.hoverLine,
      this.playhead,
    );
    this.body = h("div", { class: "timeline-body" }, this.gutter, this.plot);
    this.element = h("div", { class: "timeline" });
    this.palette = new Palette(this.element, () => {
      this.later();
    });
    this.overview = new TimelineOverview(this.scale, this.palette, () => {
      this.later();
    });
    const tools = h("div", { class: "timeline-tools" }, this.outButton, this.inButton, this.fitButton);
    this.element.append(
      this.body,
      h("div", { class: "timeline-foot" }, this.foldButton, this.overview.element, tools),
      this.card.element,
    );
    this.paint = new Paint(this.scale, this.palette, () => {
      const { fontFamily, fontSize } = getComputedStyle(this.gutter);
      return `${fontSize} ${fontFamily}`;
    });
    this.tracks = this.retrack();
    this.gestures = new TimelineGestures(this.plot, this.scale, {
      scrub: (px, final) => {
        options.onSeek(Math.round(this.scale.timeAt(clamp(px, 0, this.scale.viewWidth))), final);
      },
      isMark: (px, py) => this.clusterAt(px, py) !== null,
      goToMark: (px, py) => {
        const first = this.clusterAt(px, py)?.marks[0];
        if (first !== undefined) options.onSeek(first.at_ms, true);
      },
      hover: (px, py, touch) => {
        this.hover(px, py, touch);
      },
      leave: () => {
        this.leave();
      },
      open: (px) => {
        const gap = this.scale.gapAt(this.scale.timeAt(px));
        if (gap === null) return;
        this.scale.toggleFolds(px, gap.from_ms);
        this.later();
      },
      moved: () => {
        this.later();
      },
    });
    this.plot.addEventListener("keydown", this.onKey);
    this.foldButton.addEventListener("click", () => {
      this.toggleFolds();
    });
    this.outButton.addEventListener("click", () => {
      this.zoomBy(0.5);
    });
    this.inButton.addEventListener("click", () => {
      this.zoomBy(2);
    });
    this.fitButton.addEventListener("click", () => {
      this.zoomToFit();
    });
    this.observer = new ResizeObserver(() => {
      this.measure();
    });
    this.observer.observe(this.plot);
    this.remeasure();
  }

  /** Moves the playhead, and the view after it while it plays. Nothing is drawn anew as long as the view stays. */
  show(at_ms: number): void {
    const { scale } = this;
    const was_ms = this.at_ms;
    this.at_ms = at_ms;
    const { playing } = this.options.player.position();
    // While it plays one may look elsewhere: the view only goes along with a playhead that it shows.
    const follows = !this.gestures.scrubbing && (!playing || scale.shows(was_ms));
    if (was_ms !== at_ms && follows && scale.reveal(at_ms, at_ms > was_ms ? 0.1 : 0.9)) this.later();
    this.place();
    this.say(playing);
  }

  setFilter(filter: Filter): void {
    this.filter = filter;
    this.tracks.light(filter);
    this.gutter.replaceChildren(...this.tracks.gutter());
    this.later();
  }

  /** The recording has grown. */
  refresh(): void {
    this.tracks = this.retrack();
    this.remeasure();
  }

  zoomBy(factor: number): void {
    this.leave();
    const at = this.scale.xOf(this.at_ms) - this.scale.left;
    this.scale.zoomAt(at >= 0 && at <= this.scale.viewWidth ? at : this.scale.viewWidth / 2, factor);
    this.later();
  }

  zoomToFit(): void {
    this.leave();
    this.scale.zoomToFit();
    this.later();
  }

  toggleFolds(): void {
    this.leave();
    this.scale.toggleFolds(clamp(this.scale.xOf(this.at_ms) - this.scale.left, 0, this.scale.viewWidth));
    this.later();
  }

  /** Goes there and answers its words; null: there is none. */
  nextMark(): string | null {
    return this.goTo(firstBeyond(this.marks.length, (at) => (this.marks[at]?.at_ms ?? 0) > this.at_ms));
  }

  previousMark(): string | null {
    return this.goTo(firstBeyond(this.marks.length, (at) => (this.marks[at]?.at_ms ?? 0) >= this.at_ms) - 1);
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.gestures.destroy();
    this.observer.disconnect();
    this.palette.destroy();
  }

  private get end_ms(): number {
    return this.options.player.end_ms;
  }

  private goTo(index: number): string | null {
    const mark = this.marks[index];
    if (mark === undefined) return null;
    this.options.onSeek(mark.at_ms, true);
    return mark.words;
  }

  private retrack(): Tracks {
    const tracks = new Tracks(this.options.player, this.options.notes);
    tracks.light(this.filter);
    this.element.style.setProperty("--head", `${HEAD_PX}px`);
    this.gutter.replaceChildren(...tracks.gutter());
    return tracks;
  }

  private remeasure(): void {
    this.marks = marksOf(this.options.player.recording);
    this.measure();
    this.say(false);
  }

  private measure(): void {
    const { player, notes } = this.options;
    const idle = notes === null ? player.idle : commonGaps(player.idle, notes.idle);
    const least_ms = Math.max(FOLDED_MS, FOLDED_SHARE * this.end_ms);
    const gaps = idle.filter(({ from_ms, to_ms }) => to_ms - from_ms >= least_ms);
    const width = this.plot.clientWidth;
    const tracks_px = width < NARROW_PX ? NARROW_TRACKS_PX : TRACKS_PX;
    this.row_px = clamp(Math.floor(tracks_px / Math.max(1, this.tracks.rows.length)), 18, 34);
    this.element.style.setProperty("--row", `${this.row_px}px`);
    this.scale.set(this.end_ms, gaps, width);
    this.foldButton.hidden = gaps.length === 0;
    this.later();
  }

  private later(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { scale, tracks } = this;
    // Wholly to be seen also at the ends.
    const xOf = (at_ms: number): number => clamp(scale.xOf(at_ms), MARK_PX / 2, scale.length - MARK_PX / 2);
    this.clusters = clusters(this.marks, xOf, MARKS_APART_PX);
    this.paint.head(this.headCanvas, this.end_ms, this.clusters, this.hovered);
    this.paint.tracks(this.tracksCanvas, this.end_ms, tracks.rows, this.row_px, tracks.activity, tracks.lit);
    this.overview.draw(tracks.rows, tracks.activity);
    this.overview.place();
    this.foldButton.setAttribute("aria-pressed", String(scale.folds));
    if (scale.fitted) for (const button of [this.outButton, this.fitButton]) passFocus(button, this.inButton);
    this.outButton.disabled = this.fitButton.disabled = scale.fitted;
    this.place();
  }

  private place(): void {
    const x = this.scale.xOf(this.at_ms) - this.scale.left;
    this.playhead.style.transform = `translateX(${x}px)`;
    this.playhead.style.visibility = x < -1 || x > this.scale.viewWidth + 1 ? "hidden" : "visible";
    this.played.style.transform = `translateX(${Math.min(0, x - this.scale.viewWidth)}px)`;
    this.overview.show(this.at_ms);
  }

  /** For those who listen; once a second while it plays. */
  private say(playing: boolean): void {
    const words = `${spokenClock(this.at_ms)} of ${spokenClock(this.end_ms)}`;
    if (words === this.said && playing) return;
    this.said = words;
    const who = typing(this.options.player, this.at_ms);
    this.plot.setAttribute("aria-valuemax", String(Math.round(this.end_ms)));
    this.plot.setAttribute("aria-valuenow", String(Math.round(this.at_ms)));
    this.plot.setAttribute("aria-valuetext", who === "" ? words : `${words}; ${who}`);
  }

  private clusterAt(px: number, py: number): Cluster | null {
    const top = py - this.body.scrollTop;
    if (top < RULER_PX || top > RULER_PX + MARKS_PX) return null;
    const distance = ({ x }: Cluster): number => Math.abs(x - this.scale.left - px);
    const near = this.clusters.filter((cluster) => distance(cluster) <= NEAR_PX);
    return near.sort((a, b) => distance(a) - distance(b))[0] ?? null;
  }

  private hover(px: number, py: number, touch: boolean): void {
    const { scale, card } = this;
    if (px < 0 || px > scale.viewWidth) {
      if (!this.gestures.scrubbing) this.leave();
      return;
    }
    const cluster = this.gestures.scrubbing ? null : this.clusterAt(px, py);
    if (cluster !== this.hovered) {
      this.hovered = cluster;
      this.plot.classList.toggle("on-mark", cluster !== null);
      this.later();
    }
    const at_ms = Math.round(scale.timeAt(px));
    const x = this.plot.offsetLeft + px;
    const width = this.element.clientWidth;
    this.hoverLine.hidden = false;
    this.hoverLine.style.transform = `translateX(${px}px)`;
    const [first] = cluster?.marks ?? [];
    if (cluster !== null && first !== undefined) {
      const { marks } = cluster;
      const lines = marks.slice(0, MOST_LISTED).map((mark) => `${clock(mark.at_ms)}  ${mark.words}`);
      if (marks.length > MOST_LISTED) lines.push(`and ${marks.length - MOST_LISTED} more`);
      if (marks.length === 1) card.show(x, width, clock(first.at_ms), first.words, "");
      else card.show(x, width, `${marks.length} things`, "", lines.join("\n"), true);
      return;
    }
    const fold = scale.visibleFolds().find((each) => scale.left + px <= each.x + each.width);
    if (fold !== undefined && scale.left + px >= fold.x && !this.gestures.scrubbing) {
      card.show(x, width, clock(at_ms), `${span(fold.to_ms - fold.from_ms)} idle. Double click to unfold.`, "");
      return;
    }
    const { title, text } = this.options.preview(at_ms);
    // The editor shows the text while one drags; a finger may cover it.
    card.show(x, width, clock(at_ms), title, this.gestures.scrubbing && !touch ? "" : text);
  }

  private leave(): void {
    this.card.hide();
    this.hoverLine.hidden = true;
    if (this.hovered !== null) this.later();
    this.hovered = null;
    this.plot.classList.remove("on-mark");
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to_ms = this.keyed(event);
    if (to_ms === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.options.onSeek(clamp(to_ms, 0, this.end_ms), true);
  };

  private keyed({ key, shiftKey }: KeyboardEvent): number | null {
    const step = STEP_MS * (shiftKey ? 6 : 1);
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown":
        return this.at_ms - step;
      case "ArrowRight":
      case "ArrowUp":
        return this.at_ms + step;
      case "PageDown":
        return this.at_ms - PAGE_MS;
      case "PageUp":
        return this.at_ms + PAGE_MS;
      case "Home":
        return 0;
      case "End":
        return this.end_ms;
      default:
        return null;
    }
  }
}

function button(
  label: string,
  drawing: "fold" | "minus" | "plus" | "fit",
  words: HTMLElement | null = null,
): HTMLButtonElement {
  const attributes = { type: "button", class: "timeline-tool", "aria-label": label, title: label };
  return h("button", attributes, icon(drawing), words);
}
