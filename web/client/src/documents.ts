import type { Joined } from "./api";
import { EditorStack, type Desk } from "./editor_stack";
import { countUnsaved } from "./leftover";
import type { RoomPage } from "./lobby";
import type { Losses } from "./losses";
import { SharedDocument, type DocumentWatcher } from "./shared_document";
import type { Typing } from "./typing";

/** What is written in a room: the code, and the notes for whoever may have them. They come and go with the role. */
export class Documents {
  readonly code: SharedDocument;
  private taken: SharedDocument | null = null;
  /** The ids of those of which the server could not read everything. */
  damaged: readonly string[] = [];
  private isSearched = false;

  constructor(
    private readonly page: RoomPage,
    desk: Desk,
    private readonly notesPlace: HTMLElement,
    private readonly losses: Losses,
    private readonly watcher: DocumentWatcher,
    private readonly typing: Typing,
  ) {
    const { id, language } = page.interview;
    this.code = new SharedDocument(id, "code", language, desk, watcher, typing);
  }

  get notes(): SharedDocument | null {
    return this.taken;
  }

  get all(): SharedDocument[] {
    return this.taken === null ? [this.code] : [this.code, this.taken];
  }

  get hasUnsaved(): boolean {
    return !this.losses.isEmpty || this.all.some((document) => isUnsaved(document) && !this.losses.isPutAway(document));
  }

  /** A reload would find again what is not saved. */
  get isKept(): boolean {
    return this.all.every((document) => document.saved.kind === "saved" || document.isKept);
  }

  /** All that is there, with what a refusal has just thrown away. */
  get text(): string {
    return this.all.map((document) => this.losses.textOf(document)).join("\n\n");
  }

  get damagedNames(): string[] {
    return this.damaged.map((id) => (id === this.page.interview.id ? "code" : "notes"));
  }

  /** With how many changes somebody waits for a seat: of this page, or kept in this browser. */
  async countKept(participant: string): Promise<number> {
    const here = this.all.reduce((sum, { saved }) => sum + (saved.kind === "saved" ? 0 : saved.changes), 0);
    return Math.max(here, await countUnsaved(this.page.interview.id, participant));
  }

  setDamaged(ids: readonly string[]): void {
    this.damaged = [...new Set(ids)];
    for (const document of this.all) document.setDamaged(this.damaged.includes(document.id));
  }

  connect(joined: Joined): void {
    for (const { id, url, may_write } of joined.documents) {
      const document = id === this.page.interview.id ? this.code : (this.taken ??= this.takeNotes(id));
      // The server has already told an open connection what it may do now.
      const { kind } = document.connection;
      if (kind === "synchronised" || kind === "connecting") document.permit(may_write);
      else document.connect(url, may_write, joined.participant_id);
    }
    if (this.code.writable) this.losses.permitted();
    if (!joined.documents.some(({ id }) => id.endsWith(".notes"))) {
      this.dropNotes();
      void this.searchNotes(joined.participant_id);
    }
    this.setDamaged(this.damaged);
  }

  /** What is just being saved is waited for, where a connection can bring it. */
  async settled(within_ms: number): Promise<void> {
    const isOnItsWay = (): boolean =>
      this.hasUnsaved && this.all.every(({ connection }) => connection.kind === "synchronised");
    for (const end = performance.now() + within_ms; isOnItsWay() && performance.now() < end; ) {
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  wake(): void {
    for (const document of this.all) document.wake();
  }

  doubt(): void {
    for (const document of this.all) document.doubt();
  }

  private takeNotes(id: string): SharedDocument {
    const label = "Notes for interviewers";
    const options = { label, nonce: this.page.csp_nonce, prose: true, hint: "Private notes for the panel" };
    const desk = new EditorStack(this.notesPlace, options);
    return new SharedDocument(id, "notes", "text", desk, this.watcher, this.typing);
  }

  /** From before a reload, of who may not open them any more. */
  private async searchNotes(participant: string): Promise<void> {
    if (this.isSearched) return;
    this.isSearched = true;
    const { unsentLines } = await import("./leftover");
    const left = await unsentLines(`${this.page.interview.id}.notes`, participant);
    if (left !== null) this.losses.tellLeftover("notes", left.lines, "open", () => void left.clear());
  }

  private dropNotes(): void {
    this.isSearched ||= this.taken !== null;
    if (this.taken === null) return;
    this.losses.withdraw(this.taken);
    this.taken.stop();
    this.taken = null;
    this.notesPlace.replaceChildren();
  }
}

function isUnsaved({ saved }: SharedDocument): boolean {
  return saved.kind !== "saved" && saved.changes > 0;
}
