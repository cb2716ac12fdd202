import { CLOSE_CODES } from "./close_codes";
import { h } from "./dom";
import { areSame, lateNotice, lostIn, refusedNotice, together, withdrawnNotice, type Texts } from "./lost_text";
import type { SharedDocument } from "./shared_document";

interface Lost {
  reason: string;
  isDenied: boolean;
  texts: Texts;
  unsaved: Texts | null;
}

/** What a refusal threw away and what came too late: kept until it has been told. */
export class Losses {
  private readonly lost = new Map<SharedDocument, Lost>();
  /** How many notices tell of what was put aside. */
  private readonly aside = new Map<SharedDocument, number>();
  private readonly late = new Map<SharedDocument, HTMLElement>();

  constructor(private readonly place: HTMLElement) {}

  get isEmpty(): boolean {
    return this.lost.size === 0;
  }

  /** What of it came too late was seen, and is not wanted. */
  isPutAway(document: SharedDocument): boolean {
    return this.late.get(document)?.isConnected === false;
  }

  /**
   * The document starts again from the server's state; what it had is kept here. `isDenied`: it was lost because one may
   * not write, and the reason is told for as long as one may not.
   */
  discard(document: SharedDocument, reason: string, isDenied = false): void {
    this.lost.set(document, { reason, isDenied, texts: document.texts(), unsaved: document.unsaved() });
    document.discard();
  }

  /** Once the document is as the server has it: what is missing. */
  tell(document: SharedDocument): void {
    const lost = this.lost.get(document);
    if (lost === undefined) return;
    this.lost.delete(document);
    if (areSame(lost.texts, document.texts())) {
      this.forget(document);
      return;
    }
    const text = lostIn(lost.texts, document.texts());
    const reason = h("span", { "data-denied": lost.isDenied }, lost.reason);
    this.put(refusedNotice(document.name, reason, text, this.shownAside(document)));
  }

  /** What had not reached the server when the interview was finished is in no recording: it is kept until put away. */
  tellLate(document: SharedDocument): void {
    if (this.late.has(document)) return;
    if (document.saved.kind === "saved" || document.saved.changes === 0) {
      document.forget();
      return;
    }
    const notice = lateNotice(document.name, together(document.texts()), () => {
      document.forget();
    });
    this.late.set(document, notice);
    this.put(notice);
  }

  /** The finish was undone: nothing is too late. */
  reopen(): void {
    for (const notice of this.late.values()) notice.remove();
    this.late.clear();
  }

  /** One may write again. */
  permitted(): void {
    for (const reason of this.place.querySelectorAll("[data-denied]")) reason.remove();
  }

  /** The document is taken from this page: what of it the server never got. */
  withdraw(document: SharedDocument): void {
    const unsaved = this.lost.get(document)?.unsaved ?? document.unsaved();
    this.lost.delete(document);
    if (unsaved !== null) {
      this.put(withdrawnNotice(document.name, together(unsaved), "open", this.shownAside(document)));
    }
  }

  /** It was found in this browser after a reload, and is not taken any more. */
  tellLeftover(name: string, lines: Texts, may: "open" | "change", onClose: () => void): void {
    if (lines.size > 0) this.put(withdrawnNotice(name, together(lines), may, onClose));
    else onClose();
  }

  /** One notice more tells of what was put aside; with the last of them it is put away. */
  shownAside(document: SharedDocument): () => void {
    this.aside.set(document, (this.aside.get(document) ?? 0) + 1);
    return () => {
      this.aside.set(document, (this.aside.get(document) ?? 0) - 1);
      this.forget(document);
    };
  }

  private forget(document: SharedDocument): void {
    if ((this.aside.get(document) ?? 0) === 0) document.forgetAside();
  }

  /** Below what was decided, by whom and why. */
  private put(notice: HTMLElement): void {
    const below = [...this.place.children].find((each) => !each.matches("[data-own], .finished"));
    this.place.insertBefore(notice, below ?? null);
  }

  /** What is in the document, or was until a refusal of which nobody has been told yet. */
  textOf(document: SharedDocument): string {
    return together(this.lost.get(document)?.texts ?? document.texts());
  }
}

/** Why the server closed a connection for what this page sent. */
export function refusalWords(code: number, reason: string): string {
  if (code === CLOSE_CODES.LIMIT || code === CLOSE_CODES.TOO_BIG)
    return "It was more than this room takes; smaller pieces will do.";
  if (code === CLOSE_CODES.INVALID || reason === "")
    return "The server could not read what this page sent; that is a fault of the page and not yours.";
  return sentence(reason);
}

export function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
