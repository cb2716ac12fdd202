import { defaultKeymap } from "@codemirror/commands";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { editorTheme } from "./editor_theme";
import { exactLines } from "./exact_lines";
import { loadLanguage } from "./languages";
import type { TextChange } from "./player";

/** The text of the moment, read-only: one change a frame, as small as it can be. */
export class ReplayView {
  private readonly view: EditorView;
  private readonly language = new Compartment();
  private languageId = "";

  constructor(parent: HTMLElement, nonce: string, prose: boolean, language: string) {
    const extensions: Extension = [
      EditorView.cspNonce.of(nonce),
      exactLines,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ "aria-label": "Text at this moment", "aria-readonly": "true", tabindex: "0" }),
      prose ? EditorView.lineWrapping : lineNumbers(),
      drawSelection(),
      keymap.of([...searchKeymap, ...defaultKeymap]),
      this.language.of([]),
      editorTheme,
    ];
    this.view = new EditorView({ parent, extensions });
    if (!prose) this.setLanguage(language);
  }

  private setLanguage(id: string): void {
    if (id === this.languageId) return;
    this.languageId = id;
    void loadLanguage(id).then((extension) => {
      if (this.languageId === id) this.view.dispatch({ effects: this.language.reconfigure(extension) });
    });
  }

  /** Another text, of another language. */
  show(text: string, language: string): void {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.setLanguage(language);
  }

  /** `follow`: keep what changes in sight. */
  apply(change: TextChange, follow: boolean): void {
    const { from, to, insert } = trim(this.view.state, change);
    if (from === to && insert === "") return;
    this.view.dispatch({
      changes: { from, to, insert },
      ...(follow
        ? {
            effects: EditorView.scrollIntoView(EditorSelection.cursor(from + insert.length), {
              y: "nearest",
              yMargin: 48,
            }),
          }
        : {}),
    });
  }

  destroy(): void {
    this.view.destroy();
  }
}

/** Without what is the same at both ends. */
function trim(state: EditorState, { from, to, insert }: TextChange): TextChange {
  const old = state.sliceDoc(from, to);
  const shorter = Math.min(old.length, insert.length);
  let head = 0;
  while (head < shorter && old.charCodeAt(head) === insert.charCodeAt(head)) head += 1;
  let tail = 0;
  const last = (text: string): number => text.charCodeAt(text.length - 1 - tail);
  while (tail < shorter - head && last(old) === last(insert)) tail += 1;
  return { from: from + head, to: to - tail, insert: insert.slice(head, insert.length - tail) };
}
