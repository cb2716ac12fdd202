import { h } from "./dom";

interface Question {
  title: string;
  body: (Node | string)[];
  /** Absent: there is nothing to decide, only to read. */
  action?: { label: string; style: string };
  cancel: string;
}

/** A modal question. Resolves to true when its action was chosen; Escape and the other button are no. */
export function ask({ title, body, action, cancel }: Question): Promise<boolean> {
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" });
  const no = h("button", { type: "button", class: "button" }, cancel);
  const form = h("form", {}, h("h2", { id: "dialog-title" }, title), ...body);
  const yes = action === undefined ? null : h("button", { class: `button ${action.style}` }, action.label);
  form.append(h("div", { class: "dialog-actions" }, no, yes));
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    // At once, not with the event `close`, which is a task of its own: keys pressed before it would go nowhere.
    const answer = (sure: boolean): void => {
      dialog.close();
      dialog.remove();
      resolve(sure);
    };
    no.addEventListener("click", () => {
      answer(false);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(true);
    });
    dialog.addEventListener("close", () => {
      answer(false);
    });
    dialog.showModal();
  });
}
