import type { EditorView, KeyBinding } from "@codemirror/view";
import { yUndoManagerKeymap } from "y-codemirror.next";

type Command = (view: EditorView) => boolean;

/** Hazard: the undo manager changes the document itself, whether or not the editor may. */
function guarded(key: string): Command {
  const run = yUndoManagerKeymap.find((binding) => binding.key === key)?.run;
  return (view) => view.state.readOnly || run?.(view) === true;
}

/** One's own last change, wherever the others have gone on since. */
export const undo: Command = guarded("Mod-z");
export const redo: Command = guarded("Mod-y");

export const undoKeys: readonly KeyBinding[] = [
  { key: "Mod-z", run: undo, preventDefault: true },
  { key: "Mod-y", mac: "Mod-Shift-z", run: redo, preventDefault: true },
  { key: "Mod-Shift-z", run: redo, preventDefault: true },
];
