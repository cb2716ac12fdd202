import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h, icon } from "./dom";
import { clock } from "./event_words";
import { fileOf, FIRST, readFiles, rootOf, type RoomFile } from "./file";
import { FileTabs } from "./file_tabs";
import { Player, SPEEDS, type FrameClock } from "./player";
import { readRecording, type Recording } from "./recording";
import { ReplayPeople } from "./replay_people";
import { ReplayView } from "./replay_view";
import { Timeline } from "./timeline";

export interface ReplayPage {
  interview: { id: string; title: string; status: string; language: string };
  documents: { id: string; name: "Code" | "Notes" }[];
  /** For how long the finish can still be undone. */
  undo_left_ms: number;
  csp_nonce: string;
}

const STEP_MS = 5_000;

const KEYS: readonly [string, string][] = [
  ["Space", "Play or pause"],
  ["← →", "5 seconds back or on; with Shift, 30"],
  [", .", "Previous or next edit"],
  ["Home End", "Beginning or end"],
  ["- +", "Slower or faster"],
  ["?", "This list"],
];

const browserClock: FrameClock = {
  now: () => performance.now(),
  frame(call) {
    const id = requestAnimationFrame(call);
    return () => {
      cancelAnimationFrame(id);
    };
  },
};

/** One document's replay on the page. */
export class ReplayStage {
  readonly element: HTMLElement;
  private readonly player: Player;
  private readonly view: ReplayView;
  private readonly timeline: Timeline;
  private readonly people: ReplayPeople;
  private readonly playButton = h("button", { type: "button", class: "button play" });
  private readonly elapsed = h("span", { class: "elapsed" });
  private readonly wall = h("span", { class: "wall" });
  private readonly speed = h("select", { class: "select", "aria-label": "Speed" });
  private readonly files: readonly RoomFile[];
  private readonly tabs: FileTabs;
  private file = FIRST;
  private drawn = false;

  /** `least_ms`: as long as the replay of the interview's other document. */
  constructor(
    file: ArrayBuffer,
    least_ms: number,
    page: ReplayPage,
    name: "Code" | "Notes",
    documents: HTMLElement | null,
  ) {
    const opened = readRecording(file);
    opened.duration_ms = Math.max(opened.duration_ms, least_ms);
    this.player = new Player(opened, browserClock, () => {
      this.later();
    });
    const { recording } = this.player;
    const body = h("div", { class: name === "Notes" ? "replay-text is-prose" : "replay-text" });
    this.files = filesOf(recording, page.interview.language);
    const [first] = this.files;
    this.view = new ReplayView(body, page.csp_nonce, name === "Notes", first?.language ?? page.interview.language);
    this.tabs = new FileTabs(body, {
      onShow: (file) => {
        this.player.pause();
        this.show(file);
      },
      onRename: () => undefined,
      onDelete: () => undefined,
    });
    this.tabs.setFiles(this.files);
    this.tabs.select(FIRST);
    this.timeline = new Timeline({
      player: this.player,
      notes: null,
      onSeek: (at_ms) => {
        this.player.seekTo(at_ms);
      },
      preview: () => ({ title: "", text: "" }),
    });
    this.people = new ReplayPeople(recording, (at_ms) => {
      this.player.seekTo(at_ms);
    });
    const head = h(
      "div",
      { class: this.files.length > 1 ? "pane-head file-head" : "pane-head" },
      this.files.length > 1
        ? h("div", { class: "file-strip" }, this.tabs.element)
        : h("span", { class: "file-name" }, name === "Notes" ? "Notes" : (first?.name ?? "Code")),
      documents,
    );
    this.element = h(
      "div",
      { class: "replay-stage" },
      h("section", { class: "pane replay-pane", "aria-label": name }, head, body),
      this.people.element,
      h("section", { class: "transport", "aria-label": "Player" }, this.timeline.element, this.controls()),
    );
    window.addEventListener("keydown", this.onKey);
  }

  start(at_ms: number): void {
    this.player.seekTo(at_ms);
    this.draw();
  }

  destroy(): void {
    this.player.pause();
    window.removeEventListener("keydown", this.onKey);
    this.view.destroy();
  }

  get end_ms(): number {
    return this.player.end_ms;
  }

  get at_ms(): number {
    return this.player.position().at_ms;
  }

  /** For tests: nothing in the page reads it. */
  probe(): object {
    return {
      text: (root?: string) => this.player.text(root),
      seek: (ms: number) => {
        this.player.seekTo(ms);
      },
      position: () => this.player.position(),
    };
  }

  private controls(): HTMLElement {
    const step = (label: string, drawing: "previous" | "next", act: () => void): HTMLElement => {
      const button = h(
        "button",
        { type: "button", class: "button quiet", "aria-label": label, title: label },
        icon(drawing),
      );
      button.addEventListener("click", act);
      return button;
    };
    this.playButton.addEventListener("click", () => {
      this.toggle();
    });
    this.speed.append(...SPEEDS.map((speed) => h("option", { value: String(speed) }, `${speed}×`)));
    this.speed.value = "1";
    this.speed.addEventListener("change", () => {
      this.player.setSpeed(Number(this.speed.value));
    });
    const help = h(
      "button",
      { type: "button", class: "button quiet help", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts" },
      icon("help"),
    );
    help.addEventListener("click", showHelp);
    return h(
      "div",
      { class: "controls" },
      step("Previous edit", "previous", () => {
        this.player.previousEdit();
      }),
      this.playButton,
      step("Next edit", "next", () => {
        this.player.nextEdit();
      }),
      this.elapsed,
      this.wall,
      h(
        "div",
        { class: "controls-end" },
        this.speed,
        copyButton("Copy moment", () => this.momentUrl(), "button soft icon-narrow"),
        help,
      ),
    );
  }

  private show(file: string): void {
    const shown = this.files.find(({ id }) => id === file);
    if (file === this.file || shown === undefined) return;
    this.file = file;
    const root = rootOf(file);
    this.player.takeChange(root);
    this.view.show(this.player.text(root), shown.language);
    this.tabs.select(file);
  }

  private momentUrl(): string {
    const url = new URL(window.location.href);
    url.searchParams.set("t", String(Math.round(this.at_ms)));
    return url.href;
  }

  private toggle(): void {
    if (this.player.position().playing) this.player.pause();
    else this.player.play();
  }

  /** However often the player moves within a frame, the page changes once. */
  private later(): void {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.draw();
    });
  }

  private draw(): void {
    const { at_ms, who, root, playing } = this.player.position();
    const file = root === null ? null : fileOf(root);
    // What is written now is in sight.
    if (playing && file !== null) this.show(file);
    const change = this.player.takeChange(rootOf(this.file));
    if (change !== null) this.view.apply(change, true);
    this.timeline.show(at_ms);
    this.people.show(who, at_ms);
    this.elapsed.textContent = `${clock(at_ms)} / ${clock(this.player.end_ms)}`;
    const { started_at } = this.player.recording;
    this.wall.textContent =
      started_at === null
        ? ""
        : new Date(started_at + at_ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    if (this.playButton.dataset["playing"] !== String(playing)) {
      this.playButton.dataset["playing"] = String(playing);
      this.playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
      this.playButton.replaceChildren(icon(playing ? "pause" : "play"));
    }
    this.element.dataset["atMs"] = String(Math.round(at_ms));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target?.closest("select, input:not([type=range])")) return;
    if (event.key === " " && target?.closest("button, a, summary")) return;
    const inText = Boolean(target?.closest(".cm-content, [role=tablist]"));
    if (inText && (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End")) return;
    const act = this.actionOf(event);
    if (act === null) return;
    event.preventDefault();
    act();
  };

  private actionOf({ key, shiftKey }: KeyboardEvent): (() => void) | null {
    const { player } = this;
    const by = (ms: number) => () => {
      player.seekTo(player.position().at_ms + ms * (shiftKey ? 6 : 1));
    };
    switch (key) {
      case " ":
        return () => {
          this.toggle();
        };
      case "ArrowLeft":
        return by(-STEP_MS);
      case "ArrowRight":
        return by(STEP_MS);
      case ",":
        return () => {
          player.previousEdit();
        };
      case ".":
        return () => {
          player.nextEdit();
        };
      case "Home":
        return () => {
          player.seekTo(0);
        };
      case "End":
        return () => {
          player.seekTo(player.end_ms);
        };
      case "-":
        return () => {
          this.changeSpeed(-1);
        };
      case "+":
      case "=":
        return () => {
          this.changeSpeed(1);
        };
      case "?":
        return showHelp;
      default:
        return null;
    }
  }

  private changeSpeed(step: number): void {
    const at = SPEEDS.findIndex((speed) => speed === this.player.position().speed) + step;
    const speed = SPEEDS[at];
    if (speed === undefined) return;
    this.player.setSpeed(speed);
    this.speed.value = String(speed);
  }
}

/** Those that there are at the end, and those that were deleted. */
function filesOf({ files, roots }: Recording, language: string): RoomFile[] {
  const all = new Map(files.at(-1)?.files);
  for (const id of roots.map(fileOf)) {
    if (id !== null && id !== FIRST && !all.has(id)) all.set(id, { name: "deleted file", language: "text" });
  }
  return readFiles(all, language);
}

function showHelp(): void {
  const rows = KEYS.flatMap(([keys, words]) => [
    h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, key))),
    h("dd", {}, words),
  ]);
  void ask({ title: "Keyboard", body: [h("dl", { class: "keys" }, ...rows)], cancel: "Close" });
}
