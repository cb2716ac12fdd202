import type { Extension } from "@codemirror/state";
import { CodeMirror, Vim, vim } from "@replit/codemirror-vim";
import { redo, undo } from "./undo";

// The package undoes by CodeMirror's own history, which would take back what others have typed.
CodeMirror.commands.undo = ({ cm6 }: CodeMirror) => void undo(cm6);
CodeMirror.commands.redo = ({ cm6 }: CodeMirror) => void redo(cm6);
Vim.defineEx("undo", "u", ({ cm6 }: CodeMirror) => void undo(cm6));
Vim.defineEx("redo", "red", ({ cm6 }: CodeMirror) => void redo(cm6));
Vim.defineEx("write", "w", () => undefined);

export const keys: Extension = vim({ status: true });
