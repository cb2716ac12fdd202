import * as Y from "yjs";
import { freshLines, textsOf } from "./document_text";
import { asideOf, Draft, type Kept } from "./draft";
import type { Desk } from "./editor_stack";
import type { Texts } from "./lost_text";
import { keepPlace, keptPlace, type Place } from "./place";
import { Provider, RESTORED, type ConnectionState } from "./provider";
import { browserTransport } from "./transport";
import { returns } from "./stay";
import { writersOf, type Typing } from "./typing";
import type { SavedState } from "./unsaved";

/** Storage that takes longer is waited for no more; what it has comes in when it comes. */
const STORAGE_MS = 1_000;
/** The denial of which a repair of the server is the end: nothing is wrong with what was written. */
const DAMAGED = "this document is damaged and can only be read";
/** Who is probably offline learns it soon. */
const DOUBT_MS = 1_500;

export interface DocumentWatcher {
  onConnection(document: SharedDocument, state: ConnectionState): void;
  onSaved(): void;
  /** It was kept here and never reached the server, and may not be sent any more. */
  onLeftover(document: SharedDocument, lines: Texts): void;
  onSpoilt(document: SharedDocument, reason: string): void;
}

/** One document of the room on its desk. The Yjs document behind it is replaced when it may not be kept. */
export class SharedDocument {
  private document = new Y.Doc();
  private provider: Provider;
  private mayWrite = false;
  private url = "";
  /** What this browser keeps of it, and for whom: nothing before the first `connect`. */
  private draft: Draft | null = null;
  private participant = "";
  private isAsideShown = false;
  private taken: Promise<void> = Promise.resolve();
  /** It was as the server has it once: here, or in what was kept. */
  private isOpen = false;
  /** Under which Yjs clients was written here, and how far the server has it. */
  private savedClocks: Map<number, number>;
  private place: Place | null;

  private damaged = false;
  /** It has something that the damaged document on the server has not. */
  private withheld = false;

  constructor(
    readonly id: string,
    readonly name: string,
    /** Of the first file, until somebody has chosen one. */
    private readonly language: string,
    private readonly desk: Desk,
    private readonly watcher: DocumentWatcher,
    private readonly typing: Typing,
  ) {
    this.place = keptPlace(id);
    this.savedClocks = new Map([[this.document.clientID, 0]]);
    this.provider = this.bind();
    window.addEventListener("pagehide", this.onPageHide);
  }

  /** What was kept for this participant, and for nobody else, is taken in before anything is sent. */
  connect(url: string, mayWrite: boolean, participant: string): void {
    this.mayWrite = mayWrite;
    this.url = `${url}&v=1`;
    const { provider } = this;
    this.participant = participant;
    if (this.draft === null) this.taken = this.take();
    void Promise.race([this.taken, new Promise((done) => setTimeout(done, STORAGE_MS))]).then(() => {
      if (provider === this.provider && this.url !== "") provider.connect(this.url);
    });
  }

  /** The server changes it for an open connection too. */
  permit(mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    this.unlock();
  }

  /** Of what the server has of it. It is kept here as it is, and goes with the step 2 after the repair. */
  setDamaged(damaged: boolean): void {
    this.damaged = damaged;
    this.unlock();
  }

  get isWithheld(): boolean {
    return this.withheld;
  }

  /** Whether a reload finds again what is not saved. */
  get isKept(): boolean {
    return returns() && (this.draft?.isReliable ?? false);
  }

  get connection(): ConnectionState {
    return this.provider.connection;
  }

  get saved(): SavedState {
    return this.provider.saved;
  }

  get writable(): boolean {
    return this.mayWrite;
  }

  /** The text of the first file. */
  text(): string {
    return this.document.getText("source").toJSON();
  }

  /** That of the file of this name. */
  textOf(name: string): string | undefined {
    return [...this.texts().values()].find((file) => file.name === name)?.text;
  }

  /** The texts of all files. */
  texts(): Texts {
    return textsOf(this.document, this.language);
  }

  /** The lines with what the server has not got; null: it has everything. */
  unsaved(): Texts | null {
    if (this.saved.kind === "saved" || this.saved.changes === 0) return null;
    return freshLines(this.document, this.language, this.savedClocks);
  }

  wake(): void {
    this.provider.wake();
  }

  /** The browser says that there is no network. */
  doubt(): void {
    this.provider.probe(DOUBT_MS);
  }

  /** Takes writing away for good. */
  close(): void {
    this.mayWrite = false;
    this.desk.setWritable(false);
  }

  /** Throws away everything that is here; `connect` then starts from the server's state. What is unsaved is put aside. */
  discard(): void {
    if (this.isOpen) this.place = this.desk.place;
    this.isAsideShown = true;
    const { changes } = this.provider;
    if (changes.count > 0) void this.putAside({ state: Y.encodeStateAsUpdate(this.document), changes });
    this.forget();
    this.provider.destroy();
    this.document = new Y.Doc();
    this.isOpen = this.withheld = false;
    this.savedClocks = new Map([[this.document.clientID, 0]]);
    this.desk.setWritable(false);
    this.provider = this.bind();
  }

  /** This browser keeps nothing of it, until the next `connect`. */
  forget(): void {
    void this.draft?.clear();
    this.draft = null;
  }

  /** It was put away by who had written it. */
  forgetAside(): void {
    void asideOf(this.participant, this.id).clear();
  }

  /** `isKept`: what is unsaved stays in this browser. */
  stop(isKept = false): void {
    this.close();
    this.url = "";
    this.provider.stop();
    if (isKept && this.provider.changes.count > 0) this.draft?.close();
    else void this.draft?.clear();
    this.draft = null;
    window.removeEventListener("pagehide", this.onPageHide);
  }

  private async take(): Promise<void> {
    let draft = this.begin();
    let kept = await draft.take();
    if (draft !== this.draft) return;
    // Who may not write any more sends nothing of it, and is shown what he wrote.
    if (kept !== null && !this.mayWrite && kept.changes.count > 0) {
      await this.putAside(kept);
      await draft.clear();
      if (draft !== this.draft) return;
      draft = this.begin();
      kept = null;
    }
    if (kept === null) draft.add(Y.encodeStateAsUpdate(this.document));
    else this.restore(kept);
    await this.showAside();
  }

  private begin(): Draft {
    const draft = new Draft(this.participant, this.id, () => {
      this.watcher.onSaved();
    });
    this.draft = draft;
    draft.setUnsaved(this.provider.changes);
    return draft;
  }

  /** Kept until it is put away, whatever becomes of this page. */
  private async putAside({ state, changes }: Kept): Promise<void> {
    const aside = asideOf(this.participant, this.id);
    aside.add(state);
    aside.setUnsaved(changes);
    await aside.flushed();
  }

  /** Once in the life of a page: what is put aside later is told by who does it. */
  private async showAside(): Promise<void> {
    if (this.isAsideShown) return;
    this.isAsideShown = true;
    const kept = await asideOf(this.participant, this.id).peek();
    if (kept === null) return;
    const left = new Y.Doc();
    Y.applyUpdate(left, kept.state);
    const clocks = kept.changes.updates.flatMap((update) => [...Y.parseUpdateMeta(update).from]);
    this.watcher.onLeftover(this, freshLines(left, this.language, new Map(clocks)));
  }

  private restore({ state, changes }: Kept): void {
    const clocks = changes.updates.flatMap((update) => [...Y.parseUpdateMeta(update).from]);
    this.savedClocks = new Map([...this.savedClocks, ...clocks]);
    this.provider.restore(state, changes);
    this.openDesk();
  }

  /** Nothing of it is thrown away; of who may write, all of it is unsaved. */
  private withhold(): void {
    if (this.withheld) return;
    this.withheld = true;
    for (const client of this.document.store.clients.keys()) this.savedClocks.set(client, 0);
    if (this.mayWrite) this.provider.withhold();
    this.unlock();
    this.watcher.onSaved();
  }

  private allSaved(): void {
    if (this.withheld) {
      this.withheld = false;
      this.unlock();
    }
    for (const client of this.savedClocks.keys()) {
      this.savedClocks.set(client, Y.getState(this.document.store, client));
    }
  }

  private openDesk(): void {
    if (!this.isOpen) this.desk.goTo(this.place);
    this.isOpen = true;
    this.unlock();
  }

  private unlock(): void {
    this.desk.setWritable(this.mayWrite && this.isOpen && !this.damaged && !this.withheld);
  }

  private readonly onPageHide = (): void => {
    this.draft?.flush();
    const { place } = this.desk;
    if (this.isOpen && place !== null) keepPlace(this.id, place);
  };

  private bind(): Provider {
    const provider = new Provider(this.document, browserTransport, {
      onConnection: (state) => {
        if (provider !== this.provider) return;
        // Typing is open from the first synchronisation on, also while the connection is away.
        if (state.kind === "synchronised") this.openDesk();
        this.unlock();
        this.watcher.onConnection(this, state);
      },
      onSaved: ({ kind }) => {
        if (provider !== this.provider) return;
        if (kind === "saved") this.allSaved();
        this.draft?.setUnsaved(provider.changes);
        this.watcher.onSaved();
      },
      onSpoilt: (reason) => {
        if (provider !== this.provider) return;
        if (reason === DAMAGED) this.withhold();
        else this.watcher.onSpoilt(this, reason);
      },
    });
    this.document.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== RESTORED) this.draft?.add(update);
    });
    this.document.on("afterTransaction", (transaction: Y.Transaction) => {
      // What comes while catching up was typed before.
      if (transaction.local || provider.connection.kind !== "synchronised") return;
      for (const participant of writersOf(transaction, provider.awareness)) this.typing.saw(participant);
    });
    this.desk.bind(this.document, provider.awareness);
    return provider;
  }
}
