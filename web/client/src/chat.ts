import type { Audience } from "./api";
import { announce, h } from "./dom";
import type { People } from "./people";
import type { Message } from "./room_events";
import { clock } from "./timeline";

const EMPTY = "Nothing has been said yet. Messages are part of the recording.";
const MOST_CHARACTERS = 4_000;
/** Messages of one person within this time stand under one name. */
const TOGETHER_MS = 120_000;

interface ChatOptions {
  ownId: () => string;
  /** Resolves when the server has it; rejects with the reason in words. */
  send: (text: string, to: Audience) => Promise<void>;
  onUnread: (count: number) => void;
}

/** What is said in the room beside the code. Nothing in it takes the focus or scrolls away what one reads. */
export class Chat {
  readonly element: HTMLElement;
  private readonly log = h("div", { class: "chat-log", role: "log", "aria-label": "Messages", tabindex: "0" });
  private readonly empty = h("p", { class: "chat-empty" }, EMPTY);
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
  private readonly problem = h("p", { class: "chat-problem", role: "alert", hidden: true });
  private readonly form: HTMLFormElement;
  private shown = new Set<number>();
  private last: Message | null = null;
  private unread = 0;
  private why: string | null = null;

  constructor(
    private readonly people: People,
    private readonly options: ChatOptions,
  ) {
    this.form = h(
      "form",
      { class: "chat-form" },
      this.problem,
      this.to,
      h("div", { class: "chat-send" }, this.box, this.sendButton),
    );
    this.element = h("div", { class: "chat" }, h("div", { class: "chat-body" }, this.empty, this.log), this.form);
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
      void this.send();
    });
    document.addEventListener("visibilitychange", () => {
      this.look();
    });
  }

  /** `why`: why one may not write here, in words; null when one may. */
  allow(why: string | null, isInterviewer: boolean): void {
    this.why = why;
    if (why !== null) this.problem.textContent = `Not sent. ${why}`;
    this.box.disabled = this.sendButton.disabled = this.to.disabled = why !== null;
    this.box.placeholder = why ?? "Write a message";
    this.to.hidden = !isInterviewer || why !== null;
    if (!isInterviewer) this.to.value = "all";
    this.form.dataset["to"] = this.to.value;
  }

  /** Connected again: what was not sent can be sent now. */
  reconnected(): void {
    if (this.why === null) this.problem.hidden = true;
  }

  /** After the people have taken in a message, or all of them. */
  update(): void {
    const { messages } = this.people;
    const known = new Set(messages.map(({ entry }) => entry));
    const isFirst = this.shown.size === 0;
    if ([...this.shown].some((entry) => !known.has(entry))) this.clear();
    const fresh = messages.filter(({ entry }) => !this.shown.has(entry));
    if (fresh.length === 0) return;
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    for (const message of fresh) this.append(message);
    this.empty.hidden = true;
    const others = fresh.filter(({ from }) => from.id !== this.options.ownId());
    if (isAtEnd || others.length < fresh.length) this.log.scrollTop = this.log.scrollHeight;
    if (isFirst && fresh.length > 1) return;
    this.unread += others.length;
    const [latest] = others.slice(-1);
    if (latest !== undefined && !this.isSeen) announce(`Chat message from ${latest.from.name}`);
    this.look();
  }

  /** To be called when the pane may have come into view. */
  look(): void {
    if (this.isSeen) {
      this.unread = 0;
      this.log.scrollTop = this.log.scrollHeight;
    }
    this.options.onUnread(this.unread);
  }

  private get isSeen(): boolean {
    return document.visibilityState === "visible" && this.element.checkVisibility();
  }

  private clear(): void {
    this.shown.clear();
    this.last = null;
    this.log.replaceChildren();
  }

  private append(message: Message): void {
    const { from, to, at_ms, text } = message;
    const { last } = this;
    const goesOn =
      last !== null && last.from.id === from.id && last.to === to && message.at_ms - last.at_ms < TOGETHER_MS;
    this.last = message;
    this.shown.add(message.entry);
    const head = h(
      "p",
      { class: goesOn ? "visually-hidden" : "chat-head" },
      h("bdi", { class: "chat-from" }, from.id === this.options.ownId() ? "You" : from.name),
      to === "interviewers" ? h("span", { class: "chat-private" }, "only interviewers") : null,
      h("span", { class: "chat-time", title: "Time since the start" }, clock(at_ms)),
    );
    this.log.append(
      h("div", { class: goesOn ? "chat-message goes-on" : "chat-message", "data-to": to }, head, h("p", { class: "chat-text", dir: "auto" }, text)),
    );
  }

  private async send(): Promise<void> {
    const text = this.box.value.trim();
    if (text === "" || this.sendButton.disabled) return;
    this.sendButton.disabled = true;
    try {
      await this.options.send(text, this.to.value as Audience);
      if (this.box.value.trim() === text) this.box.value = "";
      this.problem.hidden = true;
      this.grow();
    } catch (error) {
      this.problem.textContent = `Not sent. ${this.why ?? (error instanceof Error ? error.message : String(error))}`;
      this.problem.hidden = false;
    } finally {
      this.sendButton.disabled = this.box.disabled;
    }
  }

  /** As high as what is in it, up to a third of the pane. */
  private grow(): void {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }
}
