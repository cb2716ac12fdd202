import type { EditorView } from "@codemirror/view";
import { yUndoManagerKeymap } from "y-codemirror.next";

const commandOf = (key: string) => yUndoManagerKeymap.find((binding) => binding.key === key)?.run ?? (() => false);

/** One's own last change, wherever the others have gone on since. */
export const undo: (view: EditorView) => boolean = commandOf("Mod-z");
export const redo: (view: EditorView) => boolean = commandOf("Mod-y");
