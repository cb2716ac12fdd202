import { copyButton } from "./clipboard";
import { h, icon } from "./dom";
import { clock } from "./event_words";
import { SPEEDS, type Position } from "./player";
import { showKeys } from "./replay_keys";

interface TransportActions {
  toggle(): void;
  edit(step: 1 | -1): void;
  setSpeed(speed: number): void;
  toggleSkip(): void;
  goLive(): void;
  momentUrl(): string;
}

export interface LiveState {
  /** Whether the end is being followed. */
  isFollowing: boolean;
  behind_ms: number;
}

/** The row of buttons and times below the code. */
export class Transport {
  readonly element: HTMLElement;
  private readonly play = h("button", { type: "button", class: "play" });
  private readonly elapsed = h("span", { class: "elapsed" });
  private readonly total = h("span", { class: "total" });
  private readonly wall = h("time", { class: "wall" });
  private readonly speed = h("select", { class: "select", "aria-label": "Speed", title: "Speed (+ and -)" });
  private readonly skip: HTMLButtonElement;
  private readonly live = h("button", { type: "button", class: "live-button", hidden: true });
  private readonly copy: HTMLButtonElement;
  private readonly wallFormat = new Intl.DateTimeFormat(undefined, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
  private shownPlay: boolean | null = null;

  constructor(actions: TransportActions) {
    this.play.addEventListener("click", () => {
      actions.toggle();
    });
    this.speed.append(...SPEEDS.map((speed) => h("option", { value: String(speed) }, `${speed}×`)));
    this.speed.addEventListener("change", () => {
      actions.setSpeed(Number(this.speed.value));
    });
    this.skip = button("Skip idle", "skip", "Skip times in which nothing happened (I)", () => {
      actions.toggleSkip();
    });
    this.live.addEventListener("click", () => {
      actions.goLive();
    });
    this.copy = copyButton("Copy link", () => actions.momentUrl(), "button quiet icon-narrow");
    this.copy.title = "Copy a link to this moment (C)";
    this.element = h(
      "div",
      { class: "controls", role: "group", "aria-label": "Controls" },
      iconButton("Previous edit", "previous", "Previous edit (,)", () => {
        actions.edit(-1);
      }),
      this.play,
      iconButton("Next edit", "next", "Next edit (.)", () => {
        actions.edit(1);
      }),
      h("span", { class: "times" }, this.elapsed, this.total),
      this.wall,
      this.live,
      h(
        "div",
        { class: "controls-end" },
        this.skip,
        this.speed,
        this.copy,
        iconButton("Keyboard shortcuts", "help", "Keyboard shortcuts (?)", showKeys),
      ),
    );
  }

  copyMoment(): void {
    this.copy.click();
  }

  show(position: Position, end_ms: number, started_at: number | null, live: LiveState | null): void {
    this.showPlay(position.playing);
    setText(this.elapsed, clock(position.at_ms));
    setText(this.total, ` / ${clock(end_ms)}`);
    this.showWall(started_at === null ? null : Math.floor((started_at + position.at_ms) / 1000) * 1000);
    if (this.speed.value !== String(position.speed)) this.speed.value = String(position.speed);
    this.skip.setAttribute("aria-pressed", String(position.skipsIdle));
    this.showLive(live);
  }

  private showPlay(isPlaying: boolean): void {
    if (this.shownPlay === isPlaying) return;
    this.shownPlay = isPlaying;
    const words = isPlaying ? "Pause" : "Play";
    this.play.setAttribute("aria-label", words);
    this.play.title = `${words} (Space)`;
    this.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
  }

  private showWall(now_ms: number | null): void {
    const shown = now_ms === null ? "" : String(now_ms);
    if (this.wall.dataset["shown"] === shown) return;
    this.wall.dataset["shown"] = shown;
    const now = now_ms === null ? null : new Date(now_ms);
    this.wall.dateTime = now?.toISOString() ?? "";
    this.wall.textContent = now === null ? "" : this.wallFormat.format(now);
  }

  private showLive(live: LiveState | null): void {
    this.live.hidden = live === null;
    if (live === null) return;
    this.live.setAttribute("aria-pressed", String(live.isFollowing));
    const isThere = live.isFollowing || live.behind_ms < 1_000;
    setText(this.live, isThere ? "Live" : `Go to live · ${clock(live.behind_ms)} behind`);
  }
}

function setText(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}

function iconButton(label: string, drawing: Parameters<typeof icon>[0], title: string, act: () => void): HTMLElement {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title, click: act }, icon(drawing));
}

function button(label: string, drawing: Parameters<typeof icon>[0], title: string, act: () => void): HTMLButtonElement {
  const attributes = { type: "button", class: "button quiet icon-narrow", "aria-pressed": "false", title, click: act };
  return h("button", attributes, icon(drawing), h("span", {}, label));
}
