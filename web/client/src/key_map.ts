import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { announce } from "./dom";
import type { Preferences } from "./preferences";

/** The usual keys when the others' file cannot be had: after an update of the server, or offline. */
export async function loadKeys(keys: Preferences["keys"]): Promise<Extension> {
  try {
    if (keys === "vim") return [(await import("./vim_keys")).keys, look];
    if (keys === "emacs") return [(await import("./emacs_keys")).keys, look];
  } catch (error) {
    console.warn(`The keys of ${keys} could not be loaded`, error);
    announce("These keys could not be loaded; the usual ones are in use. Reload the page to try again.");
  }
  return [];
}

/** The packages bring colours of their own, which no other theme is stronger than. */
const look: Extension = EditorView.theme({
  ".cm-fat-cursor": { background: "var(--accent) !important" },
  "&.cm-focused .cm-fat-cursor": { color: "var(--accent-ink) !important" },
  "&:not(.cm-focused) .cm-fat-cursor": {
    background: "none !important",
    outline: "solid 1px var(--line-strong) !important",
  },
  ".cm-vim-panel": {
    minHeight: "1.75rem",
    padding: "0 var(--space-4) !important",
    alignItems: "center",
    backgroundColor: "transparent !important",
    color: "var(--ink-2)",
    fontFamily: "var(--font-code) !important",
    fontSize: "var(--size-2)",
  },
  ".cm-vim-panel input": {
    backgroundColor: "transparent !important",
    color: "var(--ink)",
    font: "inherit",
  },
});
