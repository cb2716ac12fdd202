import type { Extension } from "@codemirror/state";
import { EditorView, ViewPlugin } from "@codemirror/view";

const WORDS = "Escape, then Tab or Shift+Tab, leaves the editor.";

let byKeyboard = false;
const listening = { capture: true, passive: true };

/** Tab writes an indentation: how to get out is said to who listens, and shown to who came in by keyboard. */
export const leaveHint: Extension = [
  EditorView.contentAttributes.of({ "aria-description": WORDS }),
  ViewPlugin.define((view) => {
    const hint = document.createElement("div");
    hint.className = "cm-leave-hint";
    hint.textContent = WORDS;
    hint.setAttribute("aria-hidden", "true");
    const show = (): void => {
      hint.hidden = !byKeyboard || !view.hasFocus;
    };
    const heard = (event: Event): void => {
      byKeyboard = event.type === "keydown";
      if (!byKeyboard) show();
    };
    hint.hidden = true;
    view.dom.append(hint);
    document.addEventListener("keydown", heard, listening);
    document.addEventListener("pointerdown", heard, listening);
    view.contentDOM.addEventListener("focus", show);
    view.contentDOM.addEventListener("blur", show);
    return {
      destroy() {
        hint.remove();
        document.removeEventListener("keydown", heard, listening);
        document.removeEventListener("pointerdown", heard, listening);
        view.contentDOM.removeEventListener("focus", show);
        view.contentDOM.removeEventListener("blur", show);
      },
    };
  }),
  EditorView.baseTheme({
    ".cm-leave-hint": {
      position: "absolute",
      right: "1rem",
      bottom: "0.75rem",
      zIndex: "6",
      padding: "0.125rem 0.5rem",
      border: "1px solid var(--line)",
      borderRadius: "var(--radius-1)",
      backgroundColor: "var(--raised)",
      color: "var(--ink-2)",
      font: "var(--size-2)/1.5 var(--font-text)",
      pointerEvents: "none",
    },
    "&:has(.cm-panels-bottom) .cm-leave-hint": { display: "none" },
  }),
];
