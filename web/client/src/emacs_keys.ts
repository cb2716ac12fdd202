import type { Extension } from "@codemirror/state";
import { emacs, EmacsHandler } from "@replit/codemirror-emacs";
import { redo, undo } from "./undo";

// The package undoes by CodeMirror's own history, which would take back what others have typed.
EmacsHandler.bindKey("C-/|C-x u|S-C--|C-z", undo);
EmacsHandler.bindKey("S-C-/|S-C-x u|C--|S-C-z", redo);
// It takes the last yank back by undoing.
EmacsHandler.bindKey("M-y", "null");

export const keys: Extension = emacs();
