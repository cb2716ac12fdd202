import { RangeSetBuilder, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { inkOn, safeColor } from "./color";
import { isolated } from "./isolated";
import { shortened } from "./person";

/**
 * The others' carets and selections, and the sending of our own, in y-codemirror.next's format (`cursor: {anchor,
 * head}`, relative positions). Not its plug-in: that one sets style attributes, which the pages' policy forbids, and
 * throws on a position it cannot read.
 */
export function carets(text: Y.Text, awareness: Awareness): Extension {
  const plugin = ViewPlugin.define((view) => new Carets(view, text, awareness), {
    decorations: (it) => it.decorations,
  });
  return [plugin, caretTheme];
}

export interface Caret {
  anchor: number;
  head: number;
  name: string;
  isGuest: boolean;
  color: string;
  /** The name is always to be seen, and not for a moment only. */
  isNamed?: boolean;
  /** With another number the name shows for a moment again. */
  moved?: number;
}

class Carets {
  decorations: DecorationSet;
  private stale = false;
  private destroyed = false;

  constructor(
    private readonly view: EditorView,
    private readonly text: Y.Text,
    private readonly awareness: Awareness,
  ) {
    this.decorations = drawCarets(view.state.doc, this.others());
    awareness.on("change", this.onChange);
    text.observe(this.onText);
  }

  destroy(): void {
    this.destroyed = true;
    this.awareness.off("change", this.onChange);
    this.text.unobserve(this.onText);
  }

  update(update: ViewUpdate): void {
    if (update.selectionSet || update.docChanged || update.focusChanged) this.publish(update.view);
    if (this.stale) this.decorations = drawCarets(update.state.doc, this.others());
    else if (update.docChanged) this.decorations = this.decorations.map(update.changes);
    this.stale = false;
  }

  private readonly onChange = (changes: { added: number[]; updated: number[]; removed: number[] }): void => {
    const ids = [...changes.added, ...changes.updated, ...changes.removed];
    if (ids.some((id) => id !== this.awareness.clientID)) this.refresh();
  };

  /** A caret is exact again once the editor has the same text as the document. */
  private readonly onText = (): void => {
    this.refresh();
  };

  /** In a microtask, because awareness and text change in the middle of the editor's own updates too. */
  private refresh(): void {
    if (this.stale) return;
    this.stale = true;
    queueMicrotask(() => {
      if (!this.destroyed && this.stale) this.view.dispatch({});
    });
  }

  private publish(view: EditorView): void {
    const state = this.awareness.getLocalState();
    if (state === null || !view.hasFocus || view.state.doc.length !== this.text.length) return;
    const { anchor, head } = view.state.selection.main;
    const cursor = {
      anchor: Y.createRelativePositionFromTypeIndex(this.text, anchor),
      head: Y.createRelativePositionFromTypeIndex(this.text, head),
    };
    const sent = state["cursor"] as typeof cursor | null | undefined;
    const same =
      sent !== null &&
      sent !== undefined &&
      Y.compareRelativePositions(sent.anchor, cursor.anchor) &&
      Y.compareRelativePositions(sent.head, cursor.head);
    if (!same) this.awareness.setLocalStateField("cursor", cursor);
  }

  private others(): Caret[] {
    const found: Caret[] = [];
    for (const [client, state] of this.awareness.getStates()) {
      if (client === this.awareness.clientID) continue;
      const caret = readCaret(state, this.text);
      if (caret !== null) found.push(caret);
    }
    return found;
  }
}

function readCaret(state: Record<string, unknown>, text: Y.Text): Caret | null {
  const cursor = state["cursor"] as { anchor: unknown; head: unknown } | null | undefined;
  const user = state["user"] as { name?: unknown; color?: unknown; role?: unknown } | undefined;
  if (cursor === null || cursor === undefined) return null;
  const anchor = indexOf(cursor.anchor, text);
  const head = indexOf(cursor.head, text);
  if (anchor === null || head === null) return null;
  const name = typeof user?.name === "string" ? user.name : "Someone";
  return { anchor, head, name, isGuest: user?.role === "guest", color: typeof user?.color === "string" ? user.color : "#777777" };
}

function indexOf(position: unknown, text: Y.Text): number | null {
  try {
    const relative = Y.createRelativePositionFromJSON(position);
    const absolute = text.doc === null ? null : Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return absolute !== null && absolute.type === text ? absolute.index : null;
  } catch {
    return null;
  }
}

export function drawCarets(doc: Text, others: readonly Caret[]): DecorationSet {
  const { length } = doc;
  const ranges = others.flatMap(({ anchor, head, name, isGuest, color, isNamed = false, moved = 0 }) => {
    const from = Math.min(anchor, head, length);
    const to = Math.min(Math.max(anchor, head), length);
    const at = Math.min(head, length);
    const onFirstLine = at <= doc.line(1).to;
    const caret = Decoration.widget({
      widget: new CaretWidget(name, isGuest, color, onFirstLine, isNamed, moved),
      // In an empty file, before the words that stand there instead of text.
      side: head > anchor || length === 0 ? -1 : 1,
    });
    const selection = Decoration.mark({
      class: "cm-remote-selection",
      attributes: { style: `background-color: color-mix(in srgb, ${safeColor(color)} 26%, transparent)` },
    });
    return from === to ? [caret.range(at)] : [selection.range(from, to), caret.range(at)];
  });
  const builder = new RangeSetBuilder<Decoration>();
  for (const range of ranges.sort((a, b) => a.from - b.from || a.value.startSide - b.value.startSide)) {
    builder.add(range.from, range.to, range.value);
  }
  return builder.finish();
}

class CaretWidget extends WidgetType {
  constructor(
    private readonly name: string,
    private readonly isGuest: boolean,
    private readonly color: string,
    private readonly onFirstLine: boolean,
    private readonly isNamed: boolean,
    private readonly moved: number,
  ) {
    super();
  }

  /** The name shows for a moment when a caret appears or leaves its line, not at every key: it covers text. */
  override eq(other: CaretWidget): boolean {
    const { name, isGuest, color, onFirstLine, isNamed, moved } = other;
    const isSamePerson = name === this.name && isGuest === this.isGuest && color === this.color;
    return isSamePerson && onFirstLine === this.onFirstLine && isNamed === this.isNamed && moved === this.moved;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "cm-remote-caret";
    caret.classList.toggle("below", this.onFirstLine);
    caret.classList.toggle("named", this.isNamed);
    caret.style.setProperty("--who", safeColor(this.color));
    caret.style.setProperty("--who-ink", inkOn(this.color));
    // The name is drawn by the style sheet, so that it is no part of the text to copy or to read aloud.
    // A guest may come with anybody's name.
    caret.dataset["name"] = isolated(shortened(this.name)) + (this.isGuest ? " · guest" : "");
    caret.title = this.name;
    caret.setAttribute("aria-hidden", "true");
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

export const caretTheme = EditorView.baseTheme({
  ".cm-remote-caret": {
    position: "relative",
    borderLeft: "2px solid var(--who)",
    marginLeft: "-1px",
    marginRight: "-1px",
  },
  ".cm-remote-caret::after": {
    content: "attr(data-name)",
    position: "absolute",
    left: "-2px",
    top: "-1.35em",
    zIndex: "5",
    padding: "0 0.4em",
    borderRadius: "3px 3px 3px 0",
    backgroundColor: "var(--who)",
    color: "var(--who-ink)",
    font: "500 0.6875rem/1.35 var(--font-text)",
    whiteSpace: "nowrap",
    pointerEvents: "none",
    animation: "cm-remote-name 2.6s ease-out forwards",
  },
  ".cm-remote-caret.below::after": { top: "1.3em", borderRadius: "0 3px 3px 3px" },
  ".cm-remote-caret.named::after, .cm-remote-caret:hover::after": { animation: "none" },
  "@media (prefers-reduced-motion: reduce)": { ".cm-remote-caret::after": { animationDelay: "1.8s" } },
  "@keyframes cm-remote-name": { "0%, 70%": { opacity: "1" }, "100%": { opacity: "0" } },
});
