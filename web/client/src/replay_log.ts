import { safeColor } from "./color";
import { h, passFocus } from "./dom";
import { clock, concerned, eventWords } from "./event_words";
import { happenings } from "./happening";
import type { RecordedEvent, Recording } from "./recording";

type Kind = "all" | "chat" | "events";

const KINDS: readonly [Kind, string, string][] = [
  ["all", "All", "Nothing has been said and nothing has happened yet."],
  ["chat", "Chat", "Nothing was said in the chat."],
  ["events", "Events", "Nothing has happened in the room yet."],
];

/** What was said and what happened, each a place to go to; what is just now stays in sight unless the reader scrolls. */
export class ReplayLog {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "happened" });
  private readonly empty = h("p", { class: "pane-foot" });
  private readonly scroller = h("div", { class: "happened-scroller" }, this.list, this.empty);
  private readonly jump = h("button", { type: "button", class: "button happened-jump", hidden: true }, "Jump to now");
  private readonly buttons: HTMLButtonElement[];
  /** Those of interest, of whatever kind. */
  private told: RecordedEvent[];
  private events: RecordedEvent[] = [];
  private rows: HTMLButtonElement[] = [];
  private kind: Kind = "all";
  private only: ReadonlySet<string> | null = null;
  private at_ms = 0;
  /** How many of the rows have happened by now. */
  private passed = 0;
  private isReading = false;
  /** The one row that the Tab key stops at. */
  private stop: HTMLButtonElement | null = null;

  constructor(
    private recording: Recording,
    private readonly onGo: (at_ms: number) => void,
  ) {
    this.told = worthTelling(happenings(recording));
    this.buttons = KINDS.map(([kind, words]) => {
      const button = h("button", { type: "button", "aria-pressed": String(kind === this.kind) }, words);
      button.addEventListener("click", () => {
        this.kind = kind;
        for (const each of this.buttons) each.setAttribute("aria-pressed", String(each === button));
        this.build();
      });
      return button;
    });
    const segments = h("div", { class: "segments", role: "group", "aria-label": "Show" }, ...this.buttons);
    this.element = h(
      "section",
      { class: "replay-log", "aria-label": "Chat and events" },
      h("div", { class: "pane-head" }, h("h2", {}, "What happened"), segments),
      this.scroller,
      this.jump,
    );
    const read = (): void => {
      this.setReading(true);
    };
    this.scroller.addEventListener("wheel", read, { passive: true });
    this.scroller.addEventListener("touchmove", read, { passive: true });
    this.scroller.addEventListener("pointerdown", ({ target }) => {
      if (target === this.scroller) read();
    });
    this.list.addEventListener("keydown", this.onKey);
    this.jump.addEventListener("click", () => {
      passFocus(this.jump, this.current);
      this.setReading(false);
    });
    // Also when it comes into view.
    new ResizeObserver(() => {
      this.keepInSight();
    }).observe(this.scroller);
    this.build();
  }

  /** The recording may have grown; `only`: the participants who are of interest, null for everybody. */
  update(recording: Recording, only: ReadonlySet<string> | null): void {
    const told = worthTelling(happenings(recording));
    const isSame = only === this.only && told.length === this.told.length;
    this.recording = recording;
    this.told = told;
    this.only = only;
    if (!isSame) this.build();
  }

  /** The reader has gone to another moment. */
  lookAgain(): void {
    this.setReading(false);
  }

  show(at_ms: number): void {
    this.at_ms = at_ms;
    const before = this.passed;
    let passed = before;
    while ((this.events[passed]?.at_ms ?? Infinity) <= at_ms) passed += 1;
    while (passed > 0 && (this.events[passed - 1]?.at_ms ?? 0) > at_ms) passed -= 1;
    if (passed === before) return;
    const changed = this.rows.slice(Math.min(passed, before), Math.max(passed, before));
    for (const row of changed) row.classList.toggle("is-ahead", passed < before);
    this.rows[before - 1]?.removeAttribute("aria-current");
    this.rows[passed - 1]?.setAttribute("aria-current", "true");
    this.passed = passed;
    if (!this.hasFocus) this.stopAt(this.current);
    this.keepInSight();
  }

  private get current(): HTMLButtonElement | undefined {
    return this.rows[Math.max(0, this.passed - 1)];
  }

  private get hasFocus(): boolean {
    return this.list.contains(document.activeElement);
  }

  private stopAt(row: HTMLButtonElement | undefined): void {
    if (row === undefined) return;
    if (this.stop !== null) this.stop.tabIndex = -1;
    row.tabIndex = 0;
    this.stop = row;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const at = this.rows.findIndex((row) => row === document.activeElement);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: this.rows.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.setReading(true);
    this.rows[to]?.focus();
  };

  /** Not at the bottom, so that one sees what comes next. */
  private keepInSight(): void {
    if (this.isReading) return;
    const row = this.current;
    if (row === undefined) return;
    const { clientHeight, scrollTop } = this.scroller;
    const top = row.offsetTop;
    const isInSight = top >= scrollTop && top + row.offsetHeight <= scrollTop + clientHeight * 0.8;
    if (!isInSight) this.scroller.scrollTop = top - clientHeight * 0.6;
  }

  private build(): void {
    const { kind, only } = this;
    const held = this.hasFocus ? this.events[this.rows.findIndex((row) => row === document.activeElement)] : undefined;
    this.events = this.told.filter(
      (event) =>
        (kind === "all" || (event.kind === "chat") === (kind === "chat")) &&
        (only === null || concerned(event).some((id) => only.has(id))),
    );
    this.rows = this.events.map((event) => this.row(event));
    this.list.replaceChildren(...this.rows.map((row) => h("li", {}, row)));
    this.list.hidden = this.rows.length === 0;
    this.empty.hidden = this.rows.length > 0;
    this.empty.textContent = only === null ? (KINDS.find(([its]) => its === kind)?.[2] ?? "") : "Nothing by those chosen.";
    this.passed = 0;
    this.stopAt(this.rows[0]);
    this.show(this.at_ms);
    this.keepInSight();
    if (held !== undefined) this.rows[this.events.findIndex(({ entry }) => entry === held.entry)]?.focus({ preventScroll: true });
  }

  private row(event: RecordedEvent): HTMLButtonElement {
    const { participants } = this.recording;
    const isChat = event.kind === "chat";
    const [id] = concerned(event);
    const color = safeColor(participants.find((each) => each.id === id)?.color ?? "");
    const dot = h("span", { class: "happened-dot", "aria-hidden": "true" });
    dot.style.setProperty("--who", color);
    const row = h(
      "button",
      { type: "button", class: isChat ? "happened-row is-chat is-ahead" : "happened-row is-ahead", tabindex: "-1" },
      h("span", { class: "happened-time" }, clock(event.at_ms)),
      dot,
      isChat ? said(event) : h("span", { class: "happened-words" }, eventWords(event, participants)),
    );
    row.addEventListener("focus", () => {
      this.stopAt(row);
    });
    row.addEventListener("click", () => {
      this.setReading(false);
      this.onGo(event.at_ms);
    });
    return row;
  }

  private setReading(isReading: boolean): void {
    if (isReading === this.isReading) return;
    this.isReading = isReading;
    this.jump.hidden = !isReading;
    this.keepInSight();
  }
}

function said({ payload }: RecordedEvent): HTMLElement {
  const from = payload["from"] as { name?: unknown } | undefined;
  return h(
    "span",
    { class: "happened-words" },
    h("bdi", { class: "happened-from" }, typeof from?.name === "string" ? from.name : "Somebody"),
    payload["to"] === "interviewers" ? h("span", { class: "chat-private" }, "Only to interviewers") : null,
    h("span", { class: "happened-said", dir: "auto" }, String(payload["text"])),
  );
}

const AT_ONCE_MS = 1_000;

/** Without what follows from having joined, the first seat, connection and entry, and from having gone. */
function worthTelling(events: readonly RecordedEvent[]): RecordedEvent[] {
  const known = new Set<string>();
  const goings = events.filter(({ kind }) => kind === "participant.left");
  return events.filter(({ kind, payload, at_ms }) => {
    const isSame = (left: RecordedEvent): boolean =>
      left.payload["id"] === payload["id"] && Math.abs(left.at_ms - at_ms) < AT_ONCE_MS;
    if (kind === "participant.disconnected" && goings.some(isSame)) return false;
    if (kind === "participant.entered" || (kind === "admission.changed" && payload["state"] === "none")) return false;
    if (kind !== "participant.connected" && (kind !== "admission.changed" || payload["state"] === "waiting")) return true;
    const what = `${kind} ${String(payload["id"])}`;
    const again = known.has(what);
    known.add(what);
    return again;
  });
}
