import { h } from "./dom";

interface Question {
  title: string;
  body: (Node | string)[];
  /** Absent: there is nothing to decide, only to read. */
  action?: { label: string; style: string };
  cancel: string;
  /** Of an interviewer, about a running interview: see `closeDecisions`. */
  isDecision?: boolean;
}

/** There is nothing to decide any more, for the reason in words: such dialogs end as if they had been cancelled. */
export function closeDecisions(why: string): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[data-decision]")) dialog.close(why);
}

/** A modal question. Resolves to true when its action was chosen; Escape and the other button are no. */
export function ask({ title, body, action, cancel, isDecision = false }: Question): Promise<boolean> {
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title", "data-decision": isDecision });
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
