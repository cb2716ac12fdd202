import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, type StateEffect, type Transaction } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  rectangularSelection,
} from "@codemirror/view";
import { yCollab, ySyncAnnotation } from "y-codemirror.next";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { applyInParts } from "./big_change";
import { carets } from "./carets";
import { editorTheme } from "./editor_theme";
import { exactLines } from "./exact_lines";
import { loadKeys } from "./key_map";
import { languageOf, loadLanguage } from "./languages";
import { leaveHint } from "./leave_hint";
import { onPreferences, preferences, type Preferences } from "./preferences";
import { applySteadily } from "./steady_scroll";
import { wholeCharacters } from "./surrogate";
import { undoKeys } from "./undo";

export interface EditorOptions {
  label: string;
  nonce: string;
  prose: boolean;
  hint: string;
}

/** A CodeMirror bound to one Yjs text for as long as it lives, in sight or not. */
export class Editor {
  readonly view: EditorView;
  private readonly label = new Compartment();
  private readonly language = new Compartment();
  private readonly writable = new Compartment();
  private readonly keys = new Compartment();
  private readonly undoManager: Y.UndoManager;
  private readonly forget: () => void;
  private languageId = "";
  private keyMap: Preferences["keys"] = "default";
  private mayWrite = false;
  /** Where an editor out of sight was scrolled to. */
  private scrolled: StateEffect<unknown> | undefined;

  constructor(
    parent: HTMLElement,
    text: Y.Text,
    awareness: Awareness,
    private readonly options: EditorOptions,
  ) {
    this.undoManager = new Y.UndoManager(text, { captureTimeout: 400 });
    this.view = new EditorView({
      parent,
      state: EditorState.create({ doc: text.toJSON(), extensions: this.extensions(text, awareness) }),
      dispatchTransactions: (transactions, view) => {
        this.apply(transactions, view);
      },
    });
    this.usePreferences(preferences());
    this.forget = onPreferences((changed) => {
      this.usePreferences(changed);
    });
  }

  destroy(): void {
    this.forget();
    this.view.destroy();
    this.undoManager.destroy();
  }

  hide(): void {
    if (this.view.dom.hidden) return;
    this.scrolled = this.view.scrollSnapshot();
    this.view.dom.hidden = true;
  }

  show(): void {
    if (!this.view.dom.hidden) return;
    this.view.dom.hidden = false;
    if (this.scrolled !== undefined) this.view.dispatch({ effects: this.scrolled });
    this.scrolled = undefined;
  }

  get caret(): number {
    return this.view.state.selection.main.head;
  }

  setCaret(at: number, scrollIntoView: boolean): void {
    this.view.dispatch({ selection: { anchor: Math.min(at, this.view.state.doc.length) }, scrollIntoView });
  }

  /** Brings a place into sight without going there. */
  reveal(at: number, y: "nearest" | "center"): void {
    const place = Math.min(at, this.view.state.doc.length);
    this.view.dispatch({ effects: EditorView.scrollIntoView(place, { y, yMargin: 64, xMargin: 32 }) });
  }

  setWritable(mayWrite: boolean): void {
    if (mayWrite === this.mayWrite) return;
    this.mayWrite = mayWrite;
    // Between the attributes of a reader's and a writer's text there is a moment in which it cannot have the focus.
    const { hasFocus } = this.view;
    this.view.dispatch({ effects: this.writable.reconfigure(this.writing()) });
    if (hasFocus) this.view.focus();
  }

  setLabel(label: string): void {
    this.view.dispatch({ effects: this.label.reconfigure(labelled(label)) });
  }

  setLanguage(id: string): void {
    if (id === this.languageId) return;
    this.languageId = id;
    void this.loadLanguage();
  }

  private async loadLanguage(): Promise<void> {
    const { languageId: id } = this;
    const extension = id === "" ? [] : await loadLanguage(id);
    if (this.languageId !== id) return;
    this.view.dispatch({ effects: this.language.reconfigure([extension, indentation(id, preferences().tab)]) });
  }

  private usePreferences({ keys }: Preferences): void {
    void this.loadLanguage();
    this.view.requestMeasure();
    if (keys === this.keyMap) return;
    this.keyMap = keys;
    void loadKeys(keys).then((extension) => {
      if (this.keyMap === keys) this.view.dispatch({ effects: this.keys.reconfigure(extension) });
    });
  }

  private apply(transactions: readonly Transaction[], view: EditorView): void {
    for (const { changes } of transactions) this.scrolled = this.scrolled?.map(changes);
    const between = (): void => {
      this.undoManager.stopCapturing();
    };
    // What is typed after the caret was moved is undone by itself.
    if (transactions.some(({ selection, docChanged }) => selection !== undefined && !docChanged)) between();
    if (!applyInParts(view, transactions, between)) applySteadily(transactions, view);
  }

  private writing(): Extension {
    return [
      EditorState.readOnly.of(!this.mayWrite),
      EditorView.editable.of(this.mayWrite),
      this.mayWrite ? placeholder(this.options.hint) : reading,
      this.mayWrite && !this.options.prose ? leaveHint : [],
    ];
  }

  private extensions(text: Y.Text, awareness: Awareness): Extension {
    const { label, nonce, prose } = this.options;
    const { undoManager } = this;
    return [
      EditorView.cspNonce.of(nonce),
      // Before the other keys, which it replaces.
      this.keys.of([]),
      this.label.of(labelled(label)),
      // Read-only text, too, can be reached, selected and scrolled by keyboard.
      EditorView.contentAttributes.of({ spellcheck: prose ? "true" : "false", autocorrect: "off", tabindex: "0" }),
      exactLines,
      wholeCharacters,
      prose ? EditorView.lineWrapping : [lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), coding],
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(!prose),
      keymap.of([...undoKeys, ...defaultKeymap, ...searchKeymap, ...(prose ? [] : [indentWithTab])]),
      this.language.of([]),
      this.writable.of(this.writing()),
      editorTheme,
      // The undo manager's plug-in must come before the one that writes into the document.
      yCollab(text, null, { undoManager }),
      carets(text, awareness),
    ];
  }
}

const coding: Extension = [
  bracketMatching(),
  closeBrackets(),
  indentOnInput(),
  rectangularSelection(),
  crosshairCursor(),
  highlightSelectionMatches(),
  keymap.of(closeBracketsKeymap),
];

/** Commands, such as Vim's, do not all ask whether they may; what comes from the others passes. */
const reading: Extension = [
  placeholder("Nothing is written here yet."),
  EditorView.contentAttributes.of({ "aria-readonly": "true" }),
  EditorState.transactionFilter.of((transaction) =>
    transaction.docChanged && transaction.annotation(ySyncAnnotation) === undefined ? [] : transaction,
  ),
];

function labelled(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label });
}

/** `preferred`: spaces, or 0 for what is usual in the language, which may be a tab character. */
function indentation(id: string, preferred: number): Extension {
  const { indent } = languageOf(id);
  const width = preferred === 0 ? (indent === 0 ? 4 : indent) : preferred;
  return [indentUnit.of(indent === 0 ? "\t" : " ".repeat(width)), EditorState.tabSize.of(width)];
}
