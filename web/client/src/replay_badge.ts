import { ask } from "./dialog";
import { h, icon } from "./dom";
import { clock } from "./event_words";
import type { Recording } from "./recording";
import { verify } from "./verify";

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
  private verified = 0;
  private mismatches: Mismatch[] = [];
  private documents: readonly Checked[] = [];

  constructor(private readonly onGo: (at_ms: number) => void) {
    this.element.addEventListener("click", () => {
      this.showDetails();
    });
  }

  /** From the beginning; what runs already is given up. */
  check(documents: readonly Checked[]): void {
    this.stop.abort();
    const { signal } = (this.stop = new AbortController());
    this.documents = documents;
    this.verified = 0;
    this.mismatches = [];
    this.element.hidden = this.total === 0;
    this.run(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  destroy(): void {
    this.stop.abort();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { total } = this;
    for (const { name, recording } of this.documents) {
      const before = this.verified;
      const { verified, failedEntry } = await verify(recording, {
        pause: idle,
        signal,
        onProgress: (done: number) => {
          const part = before + done * recording.proofs.length;
          this.say(`Verifying… ${Math.floor((part / Math.max(1, total)) * 100)} %`, "busy");
        },
      });
      this.verified += verified;
      if (failedEntry !== null) this.mismatches.push({ name, entry: failedEntry, at_ms: timeOf(recording, failedEntry) });
    }
    this.tell();
  }

  private get total(): number {
    return this.documents.reduce((sum, { recording }) => sum + recording.proofs.length, 0);
  }

  private get sentence(): string {
    if (this.mismatches.length === 0) return `Verified against the record: ${this.verified} of ${this.total} checks`;
    return `Does not match the record: ${this.verified} of ${this.total} checks passed`;
  }

  private tell(): void {
    const isGood = this.mismatches.length === 0;
    this.say(isGood ? "Verified" : "Does not match the record", isGood ? "good" : "bad");
    this.element.setAttribute("aria-label", this.sentence);
    this.element.title = this.sentence;
    this.warning.hidden = isGood;
    this.warning.replaceChildren(
      ...this.mismatches.map((mismatch) => this.warn(mismatch)),
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
        h("p", {}, "The server hashes all texts of the recording at intervals, from the record itself. This page has made the same hashes from the texts that it shows."),
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
