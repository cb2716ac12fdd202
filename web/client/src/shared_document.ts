import * as Y from "yjs";
import type { Desk } from "./editor_stack";
import { readFiles, rootOf } from "./file";
import type { Texts } from "./lost_text";
import { keepPlace, keptPlace, type Place } from "./place";
import { Provider, type ConnectionState } from "./provider";
import { browserTransport } from "./transport";
import { writersOf, type Typing } from "./typing";
import type { SavedState } from "./unsaved";
import { linesSince } from "./unsaved_lines";

export interface DocumentWatcher {
  onConnection(document: SharedDocument, state: ConnectionState): void;
  onSaved(): void;
  onSpoilt(document: SharedDocument, reason: string): void;
}

/** One document of the room on its desk. The Yjs document behind it is replaced when it may not be kept. */
export class SharedDocument {
  private document = new Y.Doc();
  private provider: Provider;
  private mayWrite = false;
  private everSynchronised = false;
  /** How far the server has what was written here. */
  private savedClock = 0;
  private place: Place | null;

  constructor(
    private readonly id: string,
    readonly name: string,
    /** Of the first file, until somebody has chosen one. */
    private readonly language: string,
    private readonly desk: Desk,
    private readonly watcher: DocumentWatcher,
    private readonly typing: Typing,
  ) {
    this.place = keptPlace(id);
    this.provider = this.bind();
    window.addEventListener("pagehide", this.onPageHide);
  }

  connect(url: string, mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    this.provider.connect(`${url}&v=1`);
  }

  /** The server changes it for an open connection too. */
  permit(mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    this.desk.setWritable(mayWrite && this.everSynchronised);
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

  /** The texts of all files. */
  texts(): Texts {
    return this.read((text) => text.toJSON());
  }

  /** The lines with what the server has not got; null: it has everything. */
  unsaved(): Texts | null {
    if (this.saved.kind === "saved" || this.saved.changes === 0) return null;
    const lines = this.read((text) => linesSince(text, this.document.clientID, this.savedClock));
    return new Map([...lines].filter(([, { text }]) => text !== ""));
  }

  wake(): void {
    this.provider.wake();
  }

  probe(): void {
    this.provider.probe();
  }

  /** Takes writing away for good. */
  close(): void {
    this.mayWrite = false;
    this.desk.setWritable(false);
  }

  /** Throws away everything that is here; `connect` then starts from the server's state. */
  discard(): void {
    if (this.everSynchronised) this.place = this.desk.place;
    this.provider.destroy();
    this.document = new Y.Doc();
    this.everSynchronised = false;
    this.savedClock = 0;
    this.desk.setWritable(false);
    this.provider = this.bind();
  }

  stop(): void {
    this.close();
    this.provider.stop();
    window.removeEventListener("pagehide", this.onPageHide);
  }

  private read(words: (text: Y.Text) => string): Texts {
    const files = readFiles(this.document.getMap("files"), this.language);
    return new Map(files.map(({ id, name }) => [id, { name, text: words(this.document.getText(rootOf(id))) }]));
  }

  private readonly onPageHide = (): void => {
    const { place } = this.desk;
    if (this.everSynchronised && place !== null) keepPlace(this.id, place);
  };

  private bind(): Provider {
    const provider = new Provider(this.document, browserTransport, {
      onConnection: (state) => {
        if (provider !== this.provider) return;
        // Typing is open from the first synchronisation on, also while the connection is away.
        if (state.kind === "synchronised" && !this.everSynchronised) {
          this.everSynchronised = true;
          this.desk.goTo(this.place);
        }
        this.desk.setWritable(this.mayWrite && this.everSynchronised);
        this.watcher.onConnection(this, state);
      },
      onSaved: ({ kind }) => {
        if (provider !== this.provider) return;
        if (kind === "saved") this.savedClock = Y.getState(this.document.store, this.document.clientID);
        this.watcher.onSaved();
      },
      onSpoilt: (reason) => {
        if (provider === this.provider) this.watcher.onSpoilt(this, reason);
      },
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
