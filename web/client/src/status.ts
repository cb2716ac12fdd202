import { CLOSE_CODES } from "./close_codes";
import { announce, h, icon } from "./dom";
import type { SharedDocument } from "./shared_document";

/** An acknowledgement later than this is said. */
const LATE_MS = 2_000;
/** A connection that is back within this time is not worth a banner. */
const PATIENCE_MS = 1_500;

/** "Saving" stays this long, so that the pill does not flicker at every key. */
const SETTLE_MS = 400;

type Mood = "good" | "busy" | "warn";

interface Reading {
  mood: Mood;
  pill: string;
  banner: string | null;
}

const LOST = "The connection is lost.";
/** Why the server closed a connection that comes back by itself. */
const REASONS: Partial<Record<number, string>> = {
  [CLOSE_CODES.RESTART]: "The server is restarting.",
  [CLOSE_CODES.TOO_SLOW]: "Your connection was too slow for a moment.",
  [CLOSE_CODES.OUT_OF_STEP]: "This page has missed something and fetches it again.",
  [CLOSE_CODES.RATE]: "The server has asked this page to wait some seconds.",
};
const RETURNING = "This page is coming back into the room. What is saved will be here again in a moment.";

const SAVING: Reading = { mood: "busy", pill: "Saving…", banner: null };

/** The one place that says whether what one types is safe: a pill for a glance, a banner in words when it is not. */
export class Status {
  readonly pill = h("div", { class: "saved", "data-mood": "busy", title: "" });
  readonly banner = h("div", { class: "banner", role: "status", hidden: true });
  private badSince: number | null = null;
  private busyAt = -SETTLE_MS;
  private timer = 0;
  private interrupted = false;
  private ended = false;

  constructor(private readonly documents: () => SharedDocument[]) {
    this.refresh();
  }

  refresh(): void {
    window.clearTimeout(this.timer);
    if (this.ended) return;
    const now = performance.now();
    let reading = read(this.documents(), now);
    if (reading.mood === "busy") this.busyAt = now;
    if (reading.mood === "good" && now - this.busyAt < SETTLE_MS) reading = SAVING;
    this.badSince = reading.banner === null ? null : (this.badSince ?? now);
    this.show(reading, this.badSince !== null && now - this.badSince >= PATIENCE_MS);
    if (reading.mood !== "good") {
      this.timer = window.setTimeout(() => {
        this.refresh();
      }, SETTLE_MS);
    }
  }

  /** There is nothing to save any more. */
  end(): void {
    this.ended = true;
    window.clearTimeout(this.timer);
    this.pill.hidden = this.banner.hidden = true;
  }

  /** The finish was undone. */
  resume(): void {
    this.ended = this.pill.hidden = false;
    this.refresh();
  }

  private show(reading: Reading, showBanner: boolean): void {
    if (this.pill.dataset["mood"] !== reading.mood || this.pill.textContent !== reading.pill) {
      const drawing = { good: "check", busy: "sync", warn: "warning" } as const;
      this.pill.dataset["mood"] = reading.mood;
      this.pill.replaceChildren(icon(drawing[reading.mood]), h("span", {}, reading.pill));
    }
    const words = showBanner ? reading.banner : null;
    this.interrupted ||= words !== null;
    if (words === null) {
      this.banner.hidden = true;
      if (this.interrupted && reading.mood === "good") {
        this.interrupted = false;
        announce("Connected again. Everything is saved.");
      }
    } else if (this.banner.hidden || this.banner.textContent !== words) {
      this.banner.textContent = words;
      this.banner.hidden = false;
    }
  }
}

/** "Good" only of documents that are connected and saved, all of them. */
export function read(documents: Pick<SharedDocument, "connection" | "saved">[], now: number): Reading {
  const unsaved = documents.reduce((sum, { saved }) => sum + (saved.kind === "saved" ? 0 : saved.changes), 0);
  const states = documents.map(({ connection }) =>
    connection.kind === "connecting" && connection.failures > 0 ? "offline" : connection.kind,
  );
  if (states.length === 0) return { mood: "busy", pill: "Connecting…", banner: null };
  if (states.includes("offline")) {
    const kept =
      unsaved === 0
        ? "Everything so far is saved. You can keep typing; this page reconnects by itself."
        : `Keep this page open: ${changes(unsaved)} not saved yet. You can keep typing; all of it is sent when the connection is back.`;
    return {
      mood: "warn",
      pill: unsaved === 0 ? "Offline" : "Offline, not saved",
      banner: `${reasonOf(documents)} ${kept}`,
    };
  }
  if (states.some((kind) => kind !== "synchronised")) {
    if (states.includes("finished")) return { mood: "warn", pill: "Closed", banner: null };
    const isRefused = states.some((kind) => kind === "refused" || kind === "stopped");
    return { mood: "busy", pill: "Connecting…", banner: isRefused ? RETURNING : null };
  }
  const late = documents.some(({ saved }) => saved.kind === "saving" && now - saved.since > LATE_MS);
  if (late) {
    const words = `The server has not confirmed ${changes(unsaved)} yet. Keep this page open; you can keep typing.`;
    return { mood: "warn", pill: "Not saved yet", banner: words };
  }
  const saved = documents.every((document) => document.saved.kind === "saved");
  return saved ? { mood: "good", pill: "Saved", banner: null } : SAVING;
}

function reasonOf(documents: Pick<SharedDocument, "connection">[]): string {
  const codes = documents.map(({ connection }) => ("failures" in connection ? connection.code : 0));
  return REASONS[codes.find((code) => code !== 0) ?? 0] ?? LOST;
}

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count} changes`;
}
