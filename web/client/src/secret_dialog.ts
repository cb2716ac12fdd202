import "./form.css";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h } from "./dom";

/** Shows what is shown once, to be copied. */
export async function showSecret(title: string, name: string, secret: string, words: string): Promise<void> {
  const shown = h("input", { class: "input secret", readonly: true, "aria-label": name, value: secret, dir: "ltr" });
  shown.addEventListener("focus", () => {
    shown.select();
  });
  const copy = copyButton("Copy", () => secret, "button primary");
  copy.autofocus = true;
  await ask({
    title,
    body: [h("p", {}, words), h("div", { class: "secret-line" }, shown, copy)],
    cancel: "Done",
  });
}
