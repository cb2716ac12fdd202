import type { Extension } from "@codemirror/state";
import { announce } from "./dom";
import type { Preferences } from "./preferences";

/** The usual keys when the others' file cannot be had: after an update of the server, or offline. */
export async function loadKeys(keys: Preferences["keys"]): Promise<Extension> {
  try {
    if (keys === "vim") return (await import("./vim_keys")).keys;
    if (keys === "emacs") return (await import("./emacs_keys")).keys;
  } catch (error) {
    console.warn(`The keys of ${keys} could not be loaded`, error);
    announce("These keys could not be loaded; the usual ones are in use. Reload the page to try again.");
  }
  return [];
}
