import { announce, h, icon } from "./dom";

/** A button that copies `text()` and says so. Where the clipboard is closed to pages, it shows the text to copy. */
export function copyButton(label: string, text: () => string, style = "button"): HTMLButtonElement {
  const words = h("span", {}, label);
  const button = h("button", { type: "button", class: style }, icon("copy"), words);
  button.addEventListener("click", () => {
    void copy(text()).then((copied) => {
      if (!copied) {
        window.prompt("Copy this:", text());
        return;
      }
      words.textContent = "Copied";
      announce("Copied");
      window.setTimeout(() => {
        words.textContent = label;
      }, 1600);
    });
  });
  return button;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** On plain http, `navigator.clipboard` does not exist. */
function copyBySelection(text: string): boolean {
  const area = h("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" }, text);
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
