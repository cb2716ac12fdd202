import type { Audience, Said } from "./api";
import { h } from "./dom";
import { keepLetters, keptLetters } from "./letters";
import { randomWord } from "./random";
import type { Message } from "./room_events";

export const PRIVATE = "only interviewers";

interface Letter extends Said {
  /** Of the message that it has become, as soon as the server tells. */
  entry: number | null;
  state: "waiting" | "sent" | "failed";
  problem: string;
  element: HTMLElement;
}

interface OutboxOptions {
  ownId: () => string;
  /** Resolves with its entry when the server has it; rejects with the reason in words. */
  send: (message: Said) => Promise<number>;
  /** What one has said and can be read, in order. */
  said: () => Message[];
  /** The button with the focus is gone. */
  onDone: () => void;
  /** How many are unsent, and whether one of them waits for a better time. */
  onCount: (unsent: number, isStuck: boolean) => void;
}

/**
 * What one has said and nobody can read yet. It goes out one by one, in order; what fails stays until it can be sent or
 * one decides. By its key the server knows it again, so that nothing is said twice.
 */
export class Outbox {
  readonly element = h("div", { class: "chat-outbox", "aria-live": "off" });
  private letters: Letter[] = [];
  private isSending = false;
  private isRestored = false;
  private why: string | null = null;

  constructor(private readonly options: OutboxOptions) {
    window.addEventListener("beforeunload", (event) => {
      if (this.element.isConnected && this.letters.some(({ state }) => state !== "sent")) event.preventDefault();
    });
  }

  get isEmpty(): boolean {
    return this.letters.length === 0;
  }

  add(text: string, to: Audience): void {
    this.restore();
    this.put({ text, to, key: randomWord() }, "waiting");
    void this.work();
  }

  /** With what was unsent before a reload. All that the server has is known now: what of it is missing goes out again. */
  resume(): void {
    this.restore();
    this.settle();
    if (this.why !== null) return;
    for (const letter of this.letters) {
      if (letter.state !== "failed") continue;
      letter.state = "waiting";
      this.draw(letter);
    }
    void this.work();
  }

  /** Before anything new is kept: what is found there later would be that, and be said twice. */
  private restore(): void {
    if (this.isRestored) return;
    this.isRestored = true;
    for (const kept of keptLetters(this.options.ownId())) this.put(kept, "failed");
  }

  private put(kept: Said, state: Letter["state"]): void {
    const element = h("div", { class: "chat-message", "data-to": kept.to });
    const letter: Letter = { ...kept, entry: null, state, problem: "", element };
    this.letters.push(letter);
    this.draw(letter);
    this.element.append(element);
    this.keep();
  }

  private keep(): void {
    const unsent = this.letters.filter(({ state }) => state !== "sent");
    keepLetters(this.options.ownId(), unsent);
    this.options.onCount(
      unsent.length,
      unsent.some(({ state }) => state === "failed"),
    );
  }

  /** `why`: why one may not write, in words. */
  allow(why: string | null): void {
    if (why === this.why) return;
    this.why = why;
    for (const letter of this.letters) this.draw(letter);
  }

  /** What can be read now stands here no more, also when its answer was lost on the way. */
  settle(): void {
    const said = this.options.said();
    for (const letter of this.letters) {
      const isRead = said.some(({ entry, key }) => key === letter.key || (letter.entry !== null && entry >= letter.entry));
      if (isRead) this.drop(letter);
    }
  }

  private async work(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    for (let next = this.next; next !== undefined; next = this.next) await this.deliver(next);
    this.isSending = false;
  }

  private get next(): Letter | undefined {
    return this.letters.find(({ state }) => state === "waiting");
  }

  private async deliver(letter: Letter): Promise<void> {
    const { text, to, key } = letter;
    try {
      letter.entry = await this.options.send({ text, to, key });
      letter.state = "sent";
      this.keep();
      this.draw(letter);
      this.settle();
    } catch (error) {
      if (this.letters.includes(letter)) this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** What stands behind it does not overtake it. */
  private fail(problem: string): void {
    for (const letter of this.letters.filter(({ state }) => state === "waiting")) {
      Object.assign(letter, { state: "failed", problem });
      this.draw(letter);
    }
    this.keep();
  }

  private drop(letter: Letter): void {
    this.letters = this.letters.filter((each) => each !== letter);
    this.keep();
    const hadFocus = letter.element.contains(document.activeElement);
    letter.element.remove();
    if (hadFocus) this.options.onDone();
  }

  private draw(letter: Letter): void {
    const { state, text, to, element } = letter;
    const button = (words: string, act: () => void): HTMLElement => {
      const made = h("button", { type: "button", class: "button soft" }, words);
      made.addEventListener("click", act);
      return made;
    };
    const again = button("Try again", () => {
      letter.state = "waiting";
      this.draw(letter);
      this.keep();
      this.options.onDone();
      void this.work();
    });
    const remove = button("Remove", () => {
      this.drop(letter);
      this.options.onDone();
    });
    const problem = h(
      "div",
      { class: "chat-problem" },
      h("p", { role: "alert" }, `Not sent. ${this.why ?? letter.problem}`),
      this.why === null ? again : null,
      remove,
    );
    const head = h(
      "p",
      { class: "chat-head" },
      h("bdi", { class: "chat-from" }, "You"),
      to === "interviewers" ? h("span", { class: "chat-private" }, PRIVATE) : null,
      h("span", { class: "chat-time" }, state === "waiting" ? "sending…" : ""),
    );
    element.dataset["state"] = state;
    element.replaceChildren(head, h("p", { class: "chat-text", dir: "auto" }, text), ...(state === "failed" ? [problem] : []));
  }
}
