import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const words = EditorState.phrases.of({
  next: "Next",
  previous: "Previous",
  all: "Select all",
  "match case": "Match case",
  regexp: "Regular expression",
  "by word": "Whole words",
  replace: "Replace",
  "replace all": "Replace all",
  close: "Close the search",
});

const look = EditorView.theme({
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "var(--space-2)",
    padding: "var(--space-2) 3rem var(--space-2) var(--space-4)",
    fontFamily: "var(--font-text)",
    fontSize: "var(--size-3)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", width: "0", height: "0", content: '""' },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label": {
    margin: "0",
    fontSize: "inherit",
  },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "0.375rem", color: "var(--ink-2)" },
  ".cm-panel.cm-search input[type=checkbox]": { accentColor: "var(--accent)" },
  ".cm-panel.cm-search .cm-textfield": {
    flex: "0 1 14rem",
    minWidth: "8rem",
    minHeight: "1.75rem",
    padding: "0 var(--space-2)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-2)",
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
  },
  ".cm-panel.cm-search .cm-button": {
    minHeight: "1.75rem",
    padding: "0 var(--space-3)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-2)",
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    color: "var(--ink)",
    fontWeight: "var(--weight-medium)",
    cursor: "pointer",
  },
  ".cm-panel.cm-search .cm-button:hover": { backgroundImage: "linear-gradient(var(--hover), var(--hover))" },
  ".cm-panel.cm-search button[name=close]": {
    top: "var(--space-2)",
    right: "var(--space-3)",
    width: "1.75rem",
    height: "1.75rem",
    borderRadius: "var(--radius-2)",
    color: "var(--ink-2)",
    fontSize: "1.25rem",
    lineHeight: "1",
    cursor: "pointer",
  },
  ".cm-panel.cm-search button[name=close]:hover": { backgroundColor: "var(--hover)", color: "var(--ink)" },
});

export const searchTheme: Extension = [words, look];
