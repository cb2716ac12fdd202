/** What each person chooses for himself, in this browser: nobody else is told. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  /** Of the editors' text, in px. */
  size: number;
  keys: "default" | "vim" | "emacs";
  /** Spaces of a Tab; 0: as the language has it. */
  tab: number;
  /** Whether "/" alone goes to the search of a list. */
  slash: boolean;
}

export const SIZES: readonly number[] = [11, 12, 13, 14, 15, 16, 18, 20, 24, 32];
export const TABS: readonly number[] = [0, 2, 3, 4, 8];

const USUAL: Preferences = { theme: "system", size: 14, keys: "default", tab: 0, slash: true };
const KEY = "panelroom.preferences";

const listeners = new Set<(preferences: Preferences) => void>();
let current = USUAL;

/** From what the storage has, which an older or newer page may have written. */
export function readPreferences(kept: string | null): Preferences {
  let found: Partial<Record<keyof Preferences, unknown>>;
  try {
    found = (JSON.parse(kept ?? "null") ?? {}) as typeof found;
  } catch {
    return USUAL;
  }
  const pick = <T>(value: unknown, choices: readonly T[], usual: T): T =>
    choices.find((each) => each === value) ?? usual;
  return {
    theme: pick(found.theme, ["system", "light", "dark"], USUAL.theme),
    size: pick(found.size, SIZES, USUAL.size),
    keys: pick(found.keys, ["default", "vim", "emacs"], USUAL.keys),
    tab: pick(found.tab, TABS, USUAL.tab),
    slash: pick(found.slash, [true, false], USUAL.slash),
  };
}

export function preferences(): Preferences {
  return current;
}

/** Applies at once, everywhere on this page and in this browser's other tabs. */
export function prefer(change: Partial<Preferences>): void {
  use({ ...current, ...change });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    return;
  }
}

/** The answer ends it. */
export function onPreferences(listener: (preferences: Preferences) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function use(preferences: Preferences): void {
  current = preferences;
  const { style, dataset } = document.documentElement;
  if (current.theme === "system") delete dataset["theme"];
  else dataset["theme"] = current.theme;
  style.setProperty("--editor-scale", String(current.size / USUAL.size));
  for (const listener of listeners) listener(current);
}

/** To be called by every page as it starts. */
export function applyPreferences(): void {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // Without storage everything is as usual.
  }
  use(readPreferences(kept));
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY) use(readPreferences(newValue));
  });
}
