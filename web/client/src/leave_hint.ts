import type { Extension } from "@codemirror/state";
import { EditorView, ViewPlugin } from "@codemirror/view";

const WORDS = "Escape, then Tab or Shift+Tab, leaves the editor.";
const NOW = "Tab or Shift+Tab leaves the editor now.";
/** These do not end what Escape has begun. */
const PASSIVE = ["Tab", "Shift", "Control", "Alt", "Meta"];

let byKeyboard = false;
const listening = { capture: true, passive: true };

/**
 * Tab writes an indentation, until Escape: then it leaves, however late, unless another key comes between. How to get
 * out is said to who listens, and shown to who came in by keyboard. The key maps do not hear of it: in Vim the same
 * Escape ends inserting.
 */
export const leaveHint: Extension = [
  EditorView.contentAttributes.of({ "aria-description": WORDS }),
  ViewPlugin.define((view) => {
    const hint = document.createElement("div");
    hint.className = "cm-leave-hint";
    hint.setAttribute("aria-hidden", "true");
    let leaving = false;
    const show = (): void => {
      hint.hidden = !view.hasFocus || !(byKeyboard || leaving);
      hint.textContent = leaving ? NOW : WORDS;
    };
    const setLeaving = (value: boolean): void => {
      if (value === leaving) return;
      leaving = value;
      view.setTabFocusMode(value);
      show();
    };
    const pressed = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") setLeaving(true);
      else if (!PASSIVE.includes(key)) setLeaving(false);
    };
    const stay = (): void => {
      setLeaving(false);
      show();
    };
    const heard = (event: Event): void => {
      byKeyboard = event.type === "keydown";
      if (!byKeyboard) show();
    };
    show();
    view.dom.append(hint);
    document.addEventListener("keydown", heard, listening);
    document.addEventListener("pointerdown", heard, listening);
    view.contentDOM.addEventListener("keydown", pressed, listening);
    view.contentDOM.addEventListener("pointerdown", stay, listening);
    view.contentDOM.addEventListener("focus", show);
    view.contentDOM.addEventListener("blur", stay);
    return {
      destroy() {
        setLeaving(false);
        hint.remove();
        document.removeEventListener("keydown", heard, listening);
        document.removeEventListener("pointerdown", heard, listening);
        view.contentDOM.removeEventListener("keydown", pressed, listening);
        view.contentDOM.removeEventListener("pointerdown", stay, listening);
        view.contentDOM.removeEventListener("focus", show);
        view.contentDOM.removeEventListener("blur", stay);
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
