import "./form.css";
import { h } from "./dom";
import { problemWords } from "./navigation";

/** A form that says what comes of it. `save` resolves to the words of success. */
export function savingForm(label: string, fields: Node[], save: () => Promise<string>): HTMLFormElement {
  const status = h("p", { class: "form-status", role: "status" });
  const problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  const button = h("button", { class: "button primary" }, label);
  const form = h("form", { class: "form" }, ...fields, problem, h("div", { class: "form-actions" }, button, status));
  let isSaving = false;
  const submit = async (): Promise<void> => {
    if (isSaving) return;
    isSaving = true;
    problem.hidden = true;
    status.textContent = "Saving…";
    try {
      status.textContent = await save();
    } catch (error) {
      status.textContent = "";
      problem.textContent = `Nothing was changed. ${problemWords(error)}`;
      problem.hidden = false;
    }
    isSaving = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("input", () => {
    if (!isSaving) status.textContent = "";
  });
  return form;
}
