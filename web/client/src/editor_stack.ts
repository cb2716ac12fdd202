import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { Editor, type EditorOptions } from "./editor";
import { FIRST, rootOf, type RoomFile } from "./file";
import { indexOf, placeIn, type Place } from "./place";

/** Where a document is written and read. The document behind it is replaced when it may not be kept. */
export interface Desk {
  bind(document: Y.Doc, awareness: Awareness): void;
  setWritable(mayWrite: boolean): void;
  /** Where one is. */
  readonly place: Place | null;
  /** Called once after `bind`, when the document is as the server has it. Null: one was never here before. */
  goTo(place: Place | null): void;
}

/**
 * One editor a file, made when it is first shown and kept until the file or the document goes: caret, scroll, undo and
 * the mode of the keys stay with their file. One of them is in sight.
 */
export class EditorStack implements Desk {
  private readonly editors = new Map<string, Editor>();
  private bound: { document: Y.Doc; awareness: Awareness } | null = null;
  private files: ReadonlyMap<string, RoomFile> = new Map();
  private mayWrite = false;
  private shown = FIRST;

  constructor(
    private readonly parent: HTMLElement,
    private readonly options: EditorOptions,
  ) {}

  /** Whoever was writing stays there, also where he may only read now. */
  bind(document: Y.Doc, awareness: Awareness): void {
    const focused = this.editors.get(this.shown)?.view.hasFocus ?? false;
    this.destroyAll();
    this.bound = { document, awareness };
    this.show(this.shown);
    if (focused) this.editor.view.focus();
  }

  /** The file in sight. */
  get current(): string {
    return this.shown;
  }

  /** The editor in sight. */
  get editor(): Editor {
    return this.open(this.shown);
  }

  get place(): Place | null {
    return this.bound === null ? null : placeIn(this.text(this.shown), this.editor.caret, this.shown);
  }

  goTo(place: Place | null): void {
    if (place !== null) this.show(place.file);
    const text = this.text(this.shown);
    // Who comes for the first time writes on at the end, and sees the beginning.
    this.editor.setCaret(place === null ? text.length : indexOf(place, text), place !== null);
  }

  /** Whoever was writing goes on in the file that comes into sight. */
  show(file: string): void {
    const before = this.editors.get(this.shown);
    const focused = before?.view.hasFocus ?? false;
    this.shown = file;
    const editor = this.open(file);
    if (editor !== before) before?.hide();
    editor.show();
    if (focused) editor.view.focus();
  }

  /** What there is to show; the editors of other files go. The file in sight stays, until another one is. */
  setFiles(files: readonly RoomFile[]): void {
    this.files = new Map(files.map((file) => [file.id, file]));
    for (const [id, editor] of this.editors) {
      if (this.files.has(id)) this.describe(id, editor);
      else if (id !== this.shown) {
        editor.destroy();
        this.editors.delete(id);
      }
    }
  }

  setWritable(mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    for (const editor of this.editors.values()) editor.setWritable(mayWrite);
  }

  private open(file: string): Editor {
    const known = this.editors.get(file);
    if (known !== undefined) return known;
    if (this.bound === null) throw new Error("There is no document to show");
    const editor = new Editor(this.parent, this.text(file), this.bound.awareness, this.options);
    editor.setWritable(this.mayWrite);
    this.editors.set(file, editor);
    this.describe(file, editor);
    return editor;
  }

  private describe(id: string, editor: Editor): void {
    const file = this.files.get(id);
    if (file === undefined) return;
    editor.setLabel(`${this.options.label}, ${file.name}`);
    editor.setLanguage(file.language);
  }

  private text(file: string): Y.Text {
    if (this.bound === null) throw new Error("There is no document to show");
    return this.bound.document.getText(rootOf(file));
  }

  private destroyAll(): void {
    for (const editor of this.editors.values()) editor.destroy();
    this.editors.clear();
  }
}
