import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightSpecialChars } from "@codemirror/view";

/**
 * The shared text's positions are the editor's: only "\n" ends a line, so that a "\r" of another client stays a
 * character of the text, shown as nothing, instead of shifting everything behind it.
 */
export const exactLines: Extension = [
  EditorState.lineSeparator.of("\n"),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
  highlightSpecialChars({
    render: (code, description, placeholder) => {
      const mark = document.createElement("span");
      mark.className = "cm-specialChar";
      mark.setAttribute("aria-label", description ?? "control character");
      mark.title = description ?? "";
      if (code !== 13) mark.textContent = placeholder;
      return mark;
    },
  }),
];
