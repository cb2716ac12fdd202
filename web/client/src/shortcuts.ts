import { ask } from "./dialog";
import { h } from "./dom";
import { prefer, preferences } from "./preferences";

export const COMMAND_KEYS = /Mac|iP(ad|hone)/.test(navigator.userAgent) ? "⌘ K" : "Ctrl K";

const KEYS: readonly [keys: string, does: string][] = [
  [COMMAND_KEYS, "All commands, and interviews by name"],
  ["/", "To the search"],
  ["Escape", "Ends the search"],
  ["↑ ↓", "The same button of the next row"],
  ["Space", "Ticks a row, on its box"],
  ["F2", "Renames the interview of the row"],
  ["Delete", "Deletes what is ticked, or the row"],
];

/** A key without another one can be switched off: who speaks to the computer may say it by accident. */
export async function showShortcuts(): Promise<void> {
  const slash = h("input", { type: "checkbox", checked: preferences().slash });
  slash.addEventListener("change", () => {
    prefer({ slash: slash.checked });
  });
  await ask({
    title: "Keyboard shortcuts",
    body: [
      h("dl", { class: "shortcuts" }, ...KEYS.flatMap(([keys, does]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, does)])),
      h("label", { class: "form-check" }, slash, "“/” alone goes to the search"),
    ],
    cancel: "Close",
  });
}
