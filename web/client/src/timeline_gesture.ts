import type { TimeScale } from "./timeline_scale";

const CLICK_PX = 4;
/** How fast a drag beyond the edge pans, a frame. */
const EDGE_SHARE = 0.15;
const ZOOM_A_PIXEL = 1.0025;
const LINE_PX = 16;

export interface Gestured {
  /** `final`: the pointer was let go. */
  scrub(px: number, final: boolean): void;
  isMark(px: number, py: number): boolean;
  goToMark(px: number, py: number): void;
  hover(px: number, py: number, touch: boolean): void;
  leave(): void;
  open(px: number): void;
  /** The view changed. */
  moved(): void;
}

/** Pointer and wheel on the plot. What they ask for happens at most once a frame. */
export class TimelineGestures {
  private readonly ended = new AbortController();
  private readonly pointers = new Map<number, PointerEvent>();
  /** `waits`: until it moves or is let go, it may be meant for a mark, or a finger's scrolling up or down. */
  private down: { x: number; onMark: boolean; waits: boolean } | null = null;
  private pinch: { apart: number; middle: number } | null = null;
  private last: PointerEvent | null = null;
  private frame = 0;

  constructor(
    private readonly plot: HTMLElement,
    private readonly scale: TimeScale,
    private readonly on: Gestured,
  ) {
    const listen = <K extends keyof HTMLElementEventMap>(
      type: K,
      call: (event: HTMLElementEventMap[K]) => void,
    ): void => {
      plot.addEventListener(type, call, { signal: this.ended.signal, passive: false });
    };
    listen("pointerdown", this.onDown);
    listen("pointermove", this.onMove);
    listen("pointerup", this.onUp);
    listen("pointercancel", this.onUp);
    listen("pointerleave", this.onLeave);
    listen("wheel", this.onWheel);
    listen("dblclick", (event) => {
      on.open(this.place(event).px);
    });
  }

  get scrubbing(): boolean {
    return this.down?.waits === false;
  }

  destroy(): void {
    this.ended.abort();
    cancelAnimationFrame(this.frame);
  }

  private place(event: MouseEvent): { px: number; py: number } {
    const { left, top } = this.plot.getBoundingClientRect();
    return { px: event.clientX - left, py: event.clientY - top };
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.plot.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) {
      this.down = null;
      this.pinch = this.span();
      return;
    }
    const { px, py } = this.place(event);
    const onMark = this.on.isMark(px, py);
    this.down = { x: event.clientX, onMark, waits: onMark || event.pointerType !== "mouse" };
    this.last = event;
    this.later();
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (this.pointers.has(event.pointerId)) this.pointers.set(event.pointerId, event);
    this.last = event;
    if (this.down !== null && Math.abs(event.clientX - this.down.x) > CLICK_PX) this.down.waits = false;
    this.later();
  };

  private readonly onUp = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId);
    this.pinch = null;
    const { down } = this;
    this.down = null;
    if (down === null) return;
    const { px, py } = this.place(event);
    if (event.type === "pointerup") {
      if (down.onMark && down.waits) this.on.goToMark(px, py);
      else this.on.scrub(px, true);
    }
    if (event.pointerType !== "mouse") this.onLeave();
  };

  private readonly onLeave = (): void => {
    if (this.down !== null) return;
    this.last = null;
    this.on.leave();
  };

  private readonly onWheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      // A trackpad's pinch comes in small steps, a wheel's notch in one large.
      const by = Math.max(-240, Math.min(240, event.deltaY * unit * (Math.abs(event.deltaY) < 20 ? 4 : 1)));
      this.scale.zoomAt(this.place(event).px, ZOOM_A_PIXEL ** -by);
      this.on.moved();
      this.later();
      return;
    }
    const scrolls = this.plot.parentElement;
    const across = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!across && scrolls !== null && scrolls.scrollHeight > scrolls.clientHeight) return;
    if (this.scale.fitted) return;
    event.preventDefault();
    this.scale.pan((event.deltaX || event.deltaY) * unit);
    this.on.moved();
    this.later();
  };

  private span(): { apart: number; middle: number } | null {
    const [a, b] = [...this.pointers.values()].map((event) => this.place(event).px);
    return a === undefined || b === undefined ? null : { apart: Math.max(1, Math.abs(a - b)), middle: (a + b) / 2 };
  }

  private later(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.step();
    });
  }

  private step(): void {
    const { last, down, pinch } = this;
    if (pinch !== null) {
      const now = this.span();
      if (now === null) return;
      this.scale.pan(pinch.middle - now.middle);
      this.scale.zoomAt(now.middle, now.apart / pinch.apart);
      this.pinch = now;
      this.on.moved();
      return;
    }
    if (last === null) return;
    const { px, py } = this.place(last);
    if (down?.waits === false) {
      const beyond = px < 0 ? px : Math.max(0, px - this.scale.viewWidth);
      if (beyond !== 0 && !this.scale.fitted) {
        const { left } = this.scale;
        this.scale.pan(beyond * EDGE_SHARE);
        this.on.moved();
        if (this.scale.left !== left) this.later();
      }
      this.on.scrub(px, false);
    }
    this.on.hover(px, py, last.pointerType !== "mouse");
  }
}
