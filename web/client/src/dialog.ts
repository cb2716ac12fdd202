import { announce, h } from "./dom";

interface Question {
  title: string;
  body: (Node | string)[];
  /** Absent: there is nothing to decide, only to read. */
  action?: { label: string; style: string };
  /** Done before the answer is yes. Meanwhile the dialog waits; what this raises is said in it, and it stays open. */
  act?: () => Promise<unknown>;
  cancel: string;
  isWide?: boolean;
  /** Of an interviewer, about a running interview: see `closeDecisions`. */
  isDecision?: boolean;
}

/** There is nothing to decide any more, for the reason in words: such dialogs end as if they had been cancelled. */
export function closeDecisions(why: string): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[data-decision]")) dialog.close(why);
}

/** A modal question. Resolves to true when its action was chosen; Escape and the other button are no. */
export function ask({ title, body, action, act, cancel, isWide = false, isDecision = false }: Question): Promise<boolean> {
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title", "data-decision": isDecision });
  dialog.classList.toggle("is-wide", isWide);
  const no = h("button", { type: "button", class: "button" }, cancel);
  const form = h("form", {}, h("h2", { id: "dialog-title" }, title), ...body);
  const yes = action === undefined ? null : h("button", { class: `button ${action.style}` }, action.label);
  const problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  form.append(problem, h("div", { class: "dialog-actions" }, no, yes));
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    // At once, not with the event `close`, which is a task of its own: keys pressed before it would go nowhere.
    const answer = (sure: boolean): void => {
      dialog.close();
      dialog.remove();
      resolve(sure);
    };
    const attempt = async (task: () => Promise<unknown>): Promise<void> => {
      form.ariaBusy = "true";
      problem.hidden = true;
      announce("One moment…");
      try {
        await task();
        answer(true);
      } catch (error) {
        problem.textContent = error instanceof Error ? error.message : String(error);
        problem.hidden = false;
      } finally {
        form.ariaBusy = "false";
      }
    };
    no.addEventListener("click", () => {
      answer(false);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (act === undefined) answer(true);
      else if (form.ariaBusy !== "true") void attempt(act);
    });
    dialog.addEventListener("close", () => {
      answer(false);
    });
    dialog.showModal();
  });
}
