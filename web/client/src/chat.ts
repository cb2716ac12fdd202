import type { Audience, Role, Said } from "./api";
import { announce, h } from "./dom";
import { clock } from "./event_words";
import { Outbox, PRIVATE } from "./outbox";
import type { People } from "./people";
import { ROLE_NAMES } from "./person";
import type { Message } from "./room_events";

const EMPTY = "Nothing has been said yet. Messages are part of the recording.";
const UNKNOWN = "Offline: what has been said is not known here. It comes with the connection.";
const BEHIND = "Offline: what has been said since is not known here.";
const MOST_CHARACTERS = 4_000;
/** Messages of one person within this time stand under one name. */
const TOGETHER_MS = 120_000;

interface ChatOptions {
  ownId: () => string;
  /** Resolves with its entry when the server has it; rejects with the reason in words. */
  send: (message: Said) => Promise<number>;
  onUnread: (count: number) => void;
  onUnsent: (count: number, isStuck: boolean) => void;
}

/** What is said in the room beside the code. Nothing in it takes the focus or scrolls away what one reads. */
export class Chat {
  readonly element: HTMLElement;
  private readonly said = h("div", { class: "chat-said" });
  private readonly outbox: Outbox;
  private readonly log: HTMLElement;
  private readonly hint = h("p", { class: "chat-empty" });
  private readonly box = h("textarea", {
    class: "chat-box",
    rows: "1",
    maxlength: String(MOST_CHARACTERS),
    "aria-label": "Message",
    dir: "auto",
  });
  private readonly to = h(
    "select",
    { class: "select", "aria-label": "To" },
    h("option", { value: "all" }, "To everybody"),
    h("option", { value: "interviewers" }, "Only to interviewers"),
  );
  private readonly sendButton = h("button", { type: "submit", class: "button soft" }, "Send");
  private readonly form: HTMLFormElement;
  private shown = new Set<number>();
  private last: Message | null = null;
  private unread: number[] = [];
  private told = 0;
  /** What came up to this entry is not new. */
  private counted = 0;
  private role: Role | undefined;
  private isKnown = true;

  constructor(
    private readonly people: People,
    private readonly options: ChatOptions,
  ) {
    this.outbox = new Outbox({
      ownId: options.ownId,
      send: options.send,
      said: () => people.messages.filter(({ from }) => from.id === options.ownId()),
      onDone: () => {
        this.showLog();
        (this.box.disabled ? this.log : this.box).focus();
      },
      onCount: options.onUnsent,
    });
    this.log = h("div", { class: "chat-log", role: "log", "aria-label": "Messages" }, this.said, this.outbox.element);
    this.form = h(
      "form",
      { class: "chat-form" },
      this.to,
      h("div", { class: "chat-send" }, this.box, this.sendButton),
    );
    this.element = h("div", { class: "chat" }, h("div", { class: "chat-body" }, this.log, this.hint), this.form);
    this.to.addEventListener("change", () => {
      this.form.dataset["to"] = this.to.value;
    });
    this.box.addEventListener("input", () => {
      this.grow();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    document.addEventListener("visibilitychange", () => {
      this.look();
    });
  }

  /** `why`: why one may not write here, in words; null when one may. */
  allow(why: string | null, isInterviewer: boolean): void {
    this.outbox.allow(why);
    this.box.disabled = this.sendButton.disabled = this.to.disabled = why !== null;
    this.box.placeholder = why ?? "Write a message";
    this.to.hidden = !isInterviewer || why !== null;
    if (!isInterviewer) this.to.value = "all";
    this.form.dataset["to"] = this.to.value;
  }

  /** Whether the events still tell what is said. */
  setKnown(isKnown: boolean): void {
    this.isKnown = isKnown;
    this.showLog();
  }

  /** The server takes messages again, and all that it has is known: what was not sent goes out by itself. */
  resume(): void {
    this.outbox.resume();
    this.showLog();
  }

  /** After the people have taken in an event. */
  update(): void {
    const { messages, latest } = this.people;
    const known = new Set(messages.map(({ entry }) => entry));
    if ([...this.shown].some((entry) => !known.has(entry))) this.clear();
    const fresh = messages.filter(({ entry }) => !this.shown.has(entry));
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    for (const message of fresh) this.append(message);
    this.outbox.settle();
    this.showLog();
    if (fresh.length > 0 && isAtEnd) this.toEnd();
    this.count(known, fresh);
    this.counted = latest;
    this.tell();
  }

  /** In another role one reads other messages: those are not news. */
  private count(known: Set<number>, fresh: Message[]): void {
    const role = this.people.get(this.options.ownId())?.role;
    const isSame = role === this.role;
    this.role = role;
    const others = isSame ? fresh.filter(({ entry, from }) => entry > this.counted && from.id !== this.options.ownId()) : [];
    this.unread = [...this.unread, ...others.map(({ entry }) => entry)].filter((entry) => known.has(entry));
    const [latest] = others.slice(-1);
    if (latest !== undefined && !this.isSeen) announce(`Chat message from ${latest.from.name}`);
  }

  /** To be called when the pane may have come into view. */
  look(): void {
    if (this.isSeen) this.toEnd();
    this.tell();
  }

  private tell(): void {
    if (this.isSeen) this.unread = [];
    if (this.unread.length === this.told) return;
    this.told = this.unread.length;
    this.options.onUnread(this.told);
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Only what has something to read, and so may have to be scrolled, is a stop of the Tab key. */
  private showLog(): void {
    const isEmpty = this.shown.size === 0 && this.outbox.isEmpty;
    const hint = this.isKnown ? (isEmpty && this.people.isTold ? EMPTY : "") : isEmpty ? UNKNOWN : BEHIND;
    this.hint.hidden = hint === "";
    if (this.hint.textContent !== hint) this.hint.textContent = hint;
    if (isEmpty) this.log.removeAttribute("tabindex");
    else this.log.tabIndex = 0;
  }

  private get isSeen(): boolean {
    return document.visibilityState === "visible" && this.element.checkVisibility();
  }

  private clear(): void {
    this.shown.clear();
    this.last = null;
    this.said.replaceChildren();
  }

  private append(message: Message): void {
    const { from, to, at_ms, text } = message;
    const { last } = this;
    const goesOn =
      last !== null && last.from.id === from.id && last.to === to && message.at_ms - last.at_ms < TOGETHER_MS;
    this.last = message;
    this.shown.add(message.entry);
    const isOwn = from.id === this.options.ownId();
    const isGuest = !isOwn && this.people.get(from.id)?.role === "guest";
    const head = h(
      "p",
      { class: goesOn ? "visually-hidden" : "chat-head" },
      h("bdi", { class: "chat-from", title: from.name }, isOwn ? "You" : from.name),
      isGuest ? h("span", { class: "chat-role" }, ROLE_NAMES.guest.toLowerCase()) : null,
      to === "interviewers" ? h("span", { class: "chat-private" }, PRIVATE) : null,
      h("span", { class: "chat-time", title: "Time since the start" }, clock(at_ms)),
    );
    this.said.append(
      h("div", { class: goesOn ? "chat-message goes-on" : "chat-message", "data-to": to }, head, h("p", { class: "chat-text", dir: "auto" }, text)),
    );
  }

  private send(): void {
    const text = this.box.value.trim();
    if (text === "" || this.box.disabled) return;
    this.box.value = "";
    this.grow();
    this.outbox.add(text, this.to.value as Audience);
    this.showLog();
    this.toEnd();
  }

  /** As high as what is in it, up to a third of the pane. */
  private grow(): void {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }
}
