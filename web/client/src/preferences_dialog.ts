import { ask } from "./dialog";
import { h } from "./dom";
import { choice, field } from "./form_field";
import { prefer, preferences, SIZES, TABS, type Preferences } from "./preferences";

const THEMES: readonly [Preferences["theme"], string][] = [
  ["system", "As the system has it"],
  ["light", "Light"],
  ["dark", "Dark"],
];

const KEYS: readonly [Preferences["keys"], string][] = [
  ["default", "Usual"],
  ["vim", "Vim"],
  ["emacs", "Emacs"],
];

const KEYS_HINT: Record<Preferences["keys"], string> = {
  default: "Escape, then Tab, leaves the editor.",
  vim: "Escape, then Tab, leaves the editor. Undo takes back what you typed yourself.",
  emacs: "Escape, then Tab, leaves the editor. Ctrl+N, Ctrl+T and Ctrl+W belong to most browsers.",
};

/** Every choice applies as it is made. */
export async function showPreferences(): Promise<void> {
  const { theme, size, keys, tab } = preferences();
  const themes = choice(THEMES, theme);
  const sizes = choice(
    SIZES.map((each) => [String(each), `${each} px`]),
    String(size),
  );
  const tabs = choice(
    TABS.map((each) => [String(each), each === 0 ? "As usual in the language" : `${each} spaces`]),
    String(tab),
  );
  const maps = choice(KEYS, keys);
  const keyField = field("Keys", maps, KEYS_HINT[keys]);
  themes.addEventListener("change", () => {
    prefer({ theme: themes.value as Preferences["theme"] });
  });
  sizes.addEventListener("change", () => {
    prefer({ size: Number(sizes.value) });
  });
  tabs.addEventListener("change", () => {
    prefer({ tab: Number(tabs.value) });
  });
  maps.addEventListener("change", () => {
    const chosen = maps.value as Preferences["keys"];
    keyField.querySelector(".form-hint")?.replaceChildren(KEYS_HINT[chosen]);
    prefer({ keys: chosen });
  });
  const words = h("p", { class: "form-hint" }, "Only for you, in this browser.");
  await ask({
    title: "Preferences",
    body: [words, field("Theme", themes), field("Text size", sizes), field("Tab size", tabs), keyField],
    cancel: "Done",
  });
}
