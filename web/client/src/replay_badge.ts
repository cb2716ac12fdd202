import { ask } from "./dialog";
import { h, icon } from "./dom";
import { clock } from "./event_words";
import type { Recording } from "./recording";
import { Verification, verify } from "./verify";

interface Checked {
  name: string;
  recording: Recording;
}

interface Mismatch {
  name: string;
  entry: number;
  at_ms: number | null;
}

/** Compares what is shown with the record's own hashes, in idle time, and says what came out. */
export class VerifiedBadge {
  readonly element = h("button", { type: "button", class: "chip verified icon-narrow", hidden: true });
  readonly warning = h("div", { class: "notice danger verified-warning", role: "alert", hidden: true });
  private stop = new AbortController();
  private documents: readonly Checked[] = [];
  private states = new Map<string, Verification>();
  private isRunning = false;
  private isLive = false;
  /** Of how many mismatches the warning tells. */
  private warned = 0;

  constructor(private readonly onGo: (at_ms: number) => void) {
    this.element.addEventListener("click", () => {
      this.showDetails();
    });
  }

  /** Other recordings, from the beginning. */
  check(documents: readonly Checked[], isLive: boolean): void {
    this.stop.abort();
    this.stop = new AbortController();
    this.isRunning = false;
    this.states = new Map();
    this.warning.hidden = true;
    this.warned = 0;
    this.grow(documents, isLive);
  }

  /** The same, with what has come since. */
  grow(documents: readonly Checked[], isLive: boolean): void {
    this.documents = documents;
    this.isLive = isLive;
    this.element.hidden = this.total === 0;
    if (this.isRunning) return;
    const { signal } = this.stop;
    this.run(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  destroy(): void {
    this.stop.abort();
  }

  private async run(signal: AbortSignal): Promise<void> {
    this.isRunning = true;
    const isFirst = this.verified === 0;
    for (let next = this.next; next !== undefined; next = this.next) {
      await verify(next.recording, {
        pause: idle,
        signal,
        onProgress: () => {
          if (isFirst) this.say(`Verifying… ${Math.floor((this.verified / Math.max(1, this.total)) * 100)} %`, "busy");
        },
      }, this.stateOf(next));
    }
    this.isRunning = false;
    this.tell();
  }

  /** With proofs that are still to be checked. */
  private get next(): Checked | undefined {
    return this.documents.find((each) => {
      const { verified, failedEntry } = this.stateOf(each);
      return failedEntry === null && verified < each.recording.proofs.length;
    });
  }

  private stateOf({ name }: Checked): Verification {
    const state = this.states.get(name) ?? new Verification();
    this.states.set(name, state);
    return state;
  }

  private get verified(): number {
    return this.documents.reduce((sum, each) => sum + this.stateOf(each).verified, 0);
  }

  private get mismatches(): Mismatch[] {
    return this.documents.flatMap((each) => {
      const entry = this.stateOf(each).failedEntry;
      return entry === null ? [] : [{ name: each.name, entry, at_ms: timeOf(each.recording, entry) }];
    });
  }

  private get total(): number {
    return this.documents.reduce((sum, { recording }) => sum + recording.proofs.length, 0);
  }

  /** Up to when all is verified. */
  private get until_ms(): number {
    return Math.max(0, ...this.documents.map((each) => each.recording.proofs[this.stateOf(each).verified - 1]?.at_ms ?? 0));
  }

  private get sentence(): string {
    if (this.mismatches.length > 0) return `Does not match the record: ${this.verified} of ${this.total} checks passed`;
    return `${this.words} against the record: ${this.verified} of ${this.total} checks`;
  }

  private get words(): string {
    return this.isLive ? `Text verified up to ${clock(this.until_ms)}` : "Text verified";
  }

  private tell(): void {
    const { mismatches } = this;
    const isGood = mismatches.length === 0;
    this.say(isGood ? this.words : "Does not match the record", isGood ? "good" : "bad");
    this.element.setAttribute("aria-label", this.sentence);
    this.element.title = this.sentence;
    // It is read aloud each time it changes.
    if (isGood || this.warned === mismatches.length) return;
    this.warned = mismatches.length;
    this.warning.hidden = false;
    this.warning.replaceChildren(
      ...mismatches.map((mismatch) => this.warn(mismatch)),
      h("button", { type: "button", class: "button", click: () => { this.showDetails(); } }, "Details"),
    );
  }

  private warn({ name, entry, at_ms }: Mismatch): HTMLElement {
    const where = at_ms === null ? `entry ${entry}` : `entry ${entry} (${clock(at_ms)})`;
    const go = h("button", { type: "button", class: "button", click: () => { this.onGo(at_ms ?? 0); } }, "Go there");
    return h(
      "p",
      {},
      h("strong", {}, "This replay does not match the record. "),
      `${name}: the text at ${where} is not the one that the record says. What is shown from before that moment on may not be what was written. `,
      at_ms === null ? null : go,
    );
  }

  private say(words: string, mood: string): void {
    this.element.dataset["mood"] = mood;
    this.element.removeAttribute("aria-label");
    this.element.replaceChildren(icon(mood === "bad" ? "warning" : "shield"), h("span", {}, words));
  }

  private showDetails(): void {
    const rows = this.documents.flatMap(({ name, recording }) => [
      row(`${name}: checks`, String(recording.proofs.length)),
      row(`${name}: entries`, `up to ${recording.entry}`),
      row(`${name}: head hash`, h("code", {}, recording.head_hash)),
    ]);
    const bad = this.mismatches.map(({ name, entry, at_ms }) =>
      row(`${name}: first mismatch`, `entry ${entry}${at_ms === null ? "" : `, at ${clock(at_ms)}`}`),
    );
    void ask({
      title: this.sentence,
      body: [
        h("p", {}, "The server hashes the texts of all files at intervals, from the record itself. This page has made the same hashes from the texts that it shows. Names, times, chat and other events are not in these hashes."),
        h("dl", { class: "facts" }, ...[...bad, ...rows].flat()),
        h("p", { class: "quiet" }, "Whoever noted the head hash at the end of the interview can tell from it whether any entry was altered since."),
      ],
      cancel: "Close",
    });
  }
}

function row(term: string, value: Node | string): HTMLElement[] {
  return [h("dt", {}, term), h("dd", {}, value)];
}

function timeOf({ proofs }: Recording, entry: number): number | null {
  return proofs.find((proof) => proof.entry === entry)?.at_ms ?? null;
}

/** Safari has no idle callbacks. */
function idle(): Promise<void> {
  return new Promise((resume) => {
    if ("requestIdleCallback" in window) {
      window.requestIdleCallback(() => { resume(); }, { timeout: 500 });
    } else setTimeout(resume, 16);
  });
}
