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
type Shown = Pick<SharedDocument, "name" | "connection" | "saved" | "isKept" | "isWithheld">;

interface Reading {
  mood: Mood;
  pill: string;
  banner: string | null;
  /** The server itself says it: there is nothing to wait for. */
  isSure?: boolean;
}

/** What the room knows beside its connections. */
export interface Facts {
  /** The server can write to its disk. */
  isSaving: boolean;
  /** The names of documents of which the server could not read everything. */
  damaged: readonly string[];
  /** The page was opened from what this browser keeps, and has not been connected yet. */
  isFromStorage: boolean;
  /** So many messages of the chat are not sent. */
  unsent: number;
  /** One of them could not be sent. */
  isStuck: boolean;
}

const LOST = "The connection is lost.";
const NO_ANSWER = "The server cannot be reached. This is the room as it was here last.";
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
  private facts: Facts = { isSaving: true, damaged: [], isFromStorage: false, unsent: 0, isStuck: false };
  private badSince: number | null = null;
  private busyAt = -SETTLE_MS;
  private timer = 0;
  private interrupted = false;
  private ended = false;

  constructor(private readonly documents: () => SharedDocument[]) {}

  tell(facts: Partial<Facts>): void {
    this.facts = { ...this.facts, ...facts };
    this.refresh();
  }

  refresh(): void {
    window.clearTimeout(this.timer);
    if (this.ended) return;
    const now = performance.now();
    let reading = read(this.documents(), now, this.facts);
    if (reading.mood === "busy") this.busyAt = now;
    if (reading.mood === "good" && now - this.busyAt < SETTLE_MS) reading = { ...SAVING, banner: reading.banner };
    this.badSince = reading.banner === null ? null : (this.badSince ?? now);
    const isSure = reading.isSure === true || this.facts.isFromStorage;
    this.show(reading, this.badSince !== null && (isSure || now - this.badSince >= PATIENCE_MS));
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
    this.interrupted ||= words !== null && reading.mood === "warn";
    if (this.interrupted && reading.mood === "good") {
      this.interrupted = false;
      announce("Everything is saved again.");
    }
    if (words === null) this.banner.hidden = true;
    else if (this.banner.hidden || this.banner.textContent !== words) {
      this.banner.textContent = words;
      this.banner.hidden = false;
    }
  }
}

/** "Good" only of documents that are connected and saved, all of them. */
export function read(documents: readonly Shown[], now: number, facts: Facts): Reading {
  const withheld = documents.filter(({ isWithheld }) => isWithheld);
  const damaged = damagedWords(new Set([...facts.damaged, ...withheld.map(({ name }) => name)]), withheld);
  const sound = documents.filter(({ isWithheld }) => !isWithheld);
  const unsaved = sound.reduce((sum, { saved }) => sum + (saved.kind === "saved" ? 0 : saved.changes), facts.unsent);
  const states = documents.map(({ connection }) =>
    connection.kind === "connecting" && connection.failures > 0 ? "offline" : connection.kind,
  );
  const isKept = sound.every((document) => document.saved.kind === "saved" || document.isKept);
  if (states.length === 0) return { mood: "busy", pill: "Connecting…", banner: null };
  if (states.includes("offline") || (facts.isFromStorage && states.some((kind) => kind !== "synchronised"))) {
    const reason = facts.isFromStorage ? NO_ANSWER : reasonOf(documents);
    return {
      mood: "warn",
      pill: unsaved === 0 ? "Offline" : `Offline, ${unsaved} not saved`,
      banner: `${reason} ${damaged ?? keptWords(unsaved, isKept)} ${unsaved === 0 ? "This page reconnects by itself." : SENT_LATER}`,
    };
  }
  if (states.some((kind) => kind !== "synchronised")) {
    if (states.includes("finished")) return { mood: "warn", pill: "Closed", banner: null };
    const isRefused = states.some((kind) => kind === "refused" || kind === "stopped");
    return { mood: "busy", pill: "Connecting…", banner: isRefused ? RETURNING : null };
  }
  if (!facts.isSaving) {
    return {
      mood: "warn",
      pill: unsaved === 0 ? "Cannot save" : `${unsaved} not saved`,
      banner: `The server cannot save at the moment. ${keptWords(unsaved, isKept)} ${SAVED_LATER}`,
      isSure: true,
    };
  }
  const late = sound.some(({ saved }) => saved.kind === "saving" && now - saved.since > LATE_MS);
  if (late && unsaved > 0) {
    const banner = `The server takes long to save. ${keptWords(unsaved, isKept)} ${damaged ?? ""}`.trimEnd();
    return { mood: "warn", pill: "Not saved yet", banner };
  }
  const saved = sound.every((document) => document.saved.kind === "saved");
  if (!saved) return { ...SAVING, banner: damaged };
  if (damaged !== null) return { mood: "warn", pill: "Damaged", banner: damaged, isSure: true };
  if (facts.isStuck) return { mood: "warn", pill: `${facts.unsent} not sent`, banner: null };
  return { mood: "good", pill: "Saved", banner: null };
}

const SENT_LATER = "All of it is sent once the connection is back.";
const SAVED_LATER = "It tries again by itself, and this banner goes when everything is saved.";

function keptWords(unsaved: number, isKept: boolean): string {
  if (unsaved === 0) return "Everything so far is saved. You can keep typing; what you type is sent later.";
  const where = isKept ? "also kept in this browser." : "kept nowhere but in this page.";
  return `Keep this page open: ${changes(unsaved)} not saved yet, ${where} You can keep typing.`;
}

/** `withheld`: those of which the page has more than the server. */
function damagedWords(names: ReadonlySet<string>, withheld: readonly Shown[]): string | null {
  if (names.size === 0) return null;
  const which = [...names].map((name) => `the ${name}`).join(" and ");
  const said = `This document was damaged on the server and can only be read: ${which}.`;
  if (withheld.length === 0) return `${said} What is shown is all that could be read of it. Ask who runs the server to repair it.`;
  const where = withheld.every(({ isKept }) => isKept) ? "This browser keeps it" : "Keep this page open: it alone has it";
  return `${said} More of it is here than on the server. ${where}, and it is sent by itself after a repair.`;
}

function reasonOf(documents: readonly Shown[]): string {
  const codes = documents.map(({ connection }) => ("failures" in connection ? connection.code : 0));
  return REASONS[codes.find((code) => code !== 0) ?? 0] ?? LOST;
}

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count} changes`;
}
