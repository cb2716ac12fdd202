import { defaultKeymap } from "@codemirror/commands";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";
import { caretTheme, drawCarets, type Caret } from "./carets";
import { editorTheme } from "./editor_theme";
import { exactLines } from "./exact_lines";
import { loadLanguage } from "./languages";
import type { TextChange } from "./player";

interface ViewOptions {
  nonce: string;
  label: string;
  /** Wrapped lines without numbers. */
  isProse: boolean;
  /** The reader has scrolled. */
  onScroll: () => void;
}

const MARGIN_PX = 72;
const MANY = 200;
const SCROLL_KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"];

const setCarets = StateEffect.define<readonly Caret[]>();

const caretField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(drawn, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setCarets)) return drawCarets(transaction.newDoc, effect.value);
    }
    return drawn.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The text of the moment with everybody's carets, read-only: one change a frame, as small as it can be. */
export class ReplayView {
  private readonly view: EditorView;
  private readonly language = new Compartment();
  private languageId = "";
  private caretsShown = "";
  private revealed: number | null = null;

  constructor(text: string, { nonce, label, isProse, onScroll }: ViewOptions) {
    const extensions: Extension = [
      EditorView.cspNonce.of(nonce),
      exactLines,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
      isProse ? EditorView.lineWrapping : lineNumbers(),
      drawSelection(),
      keymap.of([...searchKeymap, ...defaultKeymap]),
      this.language.of([]),
      caretField,
      caretTheme,
      editorTheme,
    ];
    this.view = new EditorView({ doc: text, extensions });
    const { scrollDOM } = this.view;
    scrollDOM.addEventListener("wheel", onScroll, { passive: true });
    scrollDOM.addEventListener("touchmove", onScroll, { passive: true });
    scrollDOM.addEventListener("pointerdown", ({ target }) => {
      if (target === scrollDOM) onScroll();
    });
    scrollDOM.addEventListener("keydown", ({ key }) => {
      if (SCROLL_KEYS.includes(key)) onScroll();
    });
  }

  setLanguage(id: string): void {
    if (id === this.languageId) return;
    this.languageId = id;
    void loadLanguage(id).then((extension) => {
      if (this.languageId === id) this.view.dispatch({ effects: this.language.reconfigure(extension) });
    });
  }

  get element(): HTMLElement {
    return this.view.dom;
  }

  /** It has come into the page. */
  attached(): void {
    this.revealed = null;
    this.view.requestMeasure();
  }

  /** `reveal`: the position to bring into sight, null to leave the scrolling to the reader. */
  show(change: TextChange | null, carets: readonly Caret[], reveal: number | null): void {
    const caretKey = carets.map(({ anchor, head, color, isNamed, moved }) => `${anchor} ${head} ${color} ${String(isNamed)} ${moved}`).join("\n");
    const hasMoved = caretKey !== this.caretsShown;
    const isRevealing = reveal !== null && (change !== null || reveal !== this.revealed);
    this.revealed = reveal;
    if (change === null && !hasMoved && !isRevealing) return;
    this.caretsShown = caretKey;
    const effects: StateEffect<unknown>[] = hasMoved || change !== null ? [setCarets.of(carets)] : [];
    if (isRevealing) {
      const length = this.view.state.doc.length + (change === null ? 0 : change.insert.length - (change.to - change.from));
      effects.push(scrollTo(Math.min(reveal, length)));
    }
    this.view.dispatch({ ...(change === null ? {} : { changes: change }), effects });
    // How high new lines are the editor knows once it has drawn them.
    if (isRevealing && change !== null && change.insert.length > MANY) this.revealLater(reveal);
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  destroy(): void {
    this.view.destroy();
  }

  private revealLater(position: number): void {
    requestAnimationFrame(() => {
      if (this.revealed !== position) return;
      this.view.dispatch({ effects: scrollTo(Math.min(position, this.view.state.doc.length)) });
    });
  }
}

function scrollTo(position: number): StateEffect<unknown> {
  return EditorView.scrollIntoView(EditorSelection.cursor(position), { y: "nearest", yMargin: MARGIN_PX });
}
