import * as Y from "yjs";
import { Editor, type EditorOptions } from "./editor";
import { indexOf, keepPlace, keptPlace, placeIn } from "./place";
import { Provider, type ConnectionState } from "./provider";
import { browserTransport } from "./transport";
import type { SavedState } from "./unsaved";

export interface DocumentWatcher {
  onConnection(document: SharedDocument, state: ConnectionState): void;
  onSaved(): void;
  onSpoilt(document: SharedDocument, reason: string): void;
}

/** One document of the room with its editor. The Yjs document behind it is replaced when it may not be kept. */
export class SharedDocument {
  readonly editor: Editor;
  private document = new Y.Doc();
  private provider: Provider;
  private mayWrite = false;
  private everSynchronised = false;
  private place: ReturnType<typeof keptPlace>;

  constructor(
    private readonly id: string,
    readonly name: string,
    parent: HTMLElement,
    options: EditorOptions,
    private readonly watcher: DocumentWatcher,
  ) {
    this.editor = new Editor(parent, options);
    this.place = keptPlace(id);
    this.provider = this.bind();
    window.addEventListener("pagehide", this.onPageHide);
  }

  connect(url: string, mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    this.provider.connect(`${url}&v=1`);
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

  get files(): Y.Map<unknown> {
    return this.document.getMap("files");
  }

  text(): string {
    return this.document.getText("source").toJSON();
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
    this.editor.setWritable(false);
  }

  /** Throws away everything that is here; `connect` then starts from the server's state. */
  discard(): void {
    if (this.everSynchronised) this.place = this.placeNow();
    this.provider.destroy();
    this.document = new Y.Doc();
    this.everSynchronised = false;
    this.editor.setWritable(false);
    this.provider = this.bind();
  }

  stop(): void {
    this.close();
    this.provider.stop();
    window.removeEventListener("pagehide", this.onPageHide);
  }

  private placeNow(): ReturnType<typeof placeIn> {
    return placeIn(this.document.getText("source"), this.editor.caret);
  }

  private readonly onPageHide = (): void => {
    if (this.everSynchronised) keepPlace(this.id, this.placeNow());
  };

  /** Where one was before; who comes for the first time writes on at the end, and sees the beginning. */
  private restorePlace(): void {
    const text = this.document.getText("source");
    this.editor.setCaret(this.place === null ? text.length : indexOf(this.place, text), this.place !== null);
  }

  private bind(): Provider {
    const provider = new Provider(this.document, browserTransport, {
      onConnection: (state) => {
        if (provider !== this.provider) return;
        // Typing is open from the first synchronisation on, also while the connection is away.
        if (state.kind === "synchronised" && !this.everSynchronised) {
          this.everSynchronised = true;
          this.restorePlace();
        }
        this.editor.setWritable(this.mayWrite && this.everSynchronised);
        this.watcher.onConnection(this, state);
      },
      onSaved: () => {
        if (provider === this.provider) this.watcher.onSaved();
      },
      onSpoilt: (reason) => {
        if (provider === this.provider) this.watcher.onSpoilt(this, reason);
      },
    });
    this.editor.bind(this.document.getText("source"), provider.awareness);
    return provider;
  }
}
