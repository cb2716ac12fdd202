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
  const form = h(
    "form",
    { method: "dialog", class: "dialog-actions" },
    h("button", { class: "button", value: "" }, cancel),
  );
  if (action !== undefined) form.append(h("button", { class: `button ${action.style}`, value: "yes" }, action.label));
  dialog.append(h("h2", { id: "dialog-title" }, title), ...body, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}
