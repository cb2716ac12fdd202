import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
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
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { applyInParts } from "./big_change";
import { carets } from "./carets";
import { editorTheme } from "./editor_theme";
import { exactLines } from "./exact_lines";
import { languageOf, loadLanguage } from "./languages";
import { leaveHint } from "./leave_hint";
import { applySteadily } from "./steady_scroll";
import { wholeCharacters } from "./surrogate";

export interface EditorOptions {
  label: string;
  nonce: string;
  prose: boolean;
  hint: string;
}

/** A CodeMirror bound to a Yjs text, which can be swapped for another text after a refusal. */
export class Editor {
  readonly view: EditorView;
  private readonly language = new Compartment();
  private readonly writable = new Compartment();
  private languageId = "";
  private loaded: Extension = [];
  private mayWrite = false;
  private undoManager: Y.UndoManager | null = null;

  constructor(
    parent: HTMLElement,
    private readonly options: EditorOptions,
  ) {
    this.view = new EditorView({
      parent,
      extensions: EditorView.cspNonce.of(options.nonce),
      dispatchTransactions: (transactions, view) => {
        const between = (): void => {
          this.undoManager?.stopCapturing();
        };
        if (!applyInParts(view, transactions, between)) applySteadily(transactions, view);
      },
    });
  }

  bind(text: Y.Text, awareness: Awareness): void {
    const undoManager = (this.undoManager = new Y.UndoManager(text, { captureTimeout: 400 }));
    const extensions = this.extensions(text, awareness, undoManager);
    this.view.setState(EditorState.create({ doc: text.toJSON(), extensions }));
  }

  get caret(): number {
    return this.view.state.selection.main.head;
  }

  setCaret(at: number, scrollIntoView: boolean): void {
    this.view.dispatch({ selection: { anchor: Math.min(at, this.view.state.doc.length) }, scrollIntoView });
  }

  setWritable(mayWrite: boolean): void {
    if (mayWrite === this.mayWrite) return;
    this.mayWrite = mayWrite;
    this.view.dispatch({ effects: this.writable.reconfigure(this.writing()) });
  }

  setLanguage(id: string): void {
    if (id === this.languageId) return;
    this.languageId = id;
    void loadLanguage(id).then((extension) => {
      if (this.languageId !== id) return;
      this.loaded = [extension, indentation(id)];
      this.view.dispatch({ effects: this.language.reconfigure(this.loaded) });
    });
  }

  private writing(): Extension {
    return [
      EditorState.readOnly.of(!this.mayWrite),
      EditorView.editable.of(this.mayWrite),
      this.mayWrite ? (this.options.prose ? [] : leaveHint) : focusable,
    ];
  }

  private extensions(text: Y.Text, awareness: Awareness, undoManager: Y.UndoManager): Extension {
    const { label, nonce, prose, hint } = this.options;
    return [
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of({
        "aria-label": label,
        spellcheck: prose ? "true" : "false",
        autocorrect: "off",
      }),
      exactLines,
      wholeCharacters,
      prose ? EditorView.lineWrapping : [lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), coding],
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(!prose),
      placeholder(hint),
      keymap.of([...yUndoManagerKeymap, ...defaultKeymap, ...searchKeymap, ...(prose ? [] : [indentWithTab])]),
      this.language.of(this.loaded),
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

/** Read-only text can be reached, selected and scrolled by keyboard. */
const focusable = EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" });

function indentation(id: string): Extension {
  const { indent } = languageOf(id);
  return [indentUnit.of(indent === 0 ? "\t" : " ".repeat(indent)), EditorState.tabSize.of(indent === 0 ? 4 : indent)];
}
