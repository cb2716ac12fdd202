import "./form_field.css";
import { h } from "./dom";

/** A control under its label. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  const id = `field-${label.toLowerCase().replace(/\W+/g, "-")}`;
  control.id = id;
  if (hint !== undefined) control.setAttribute("aria-describedby", `${id}-hint`);
  return h(
    "div",
    { class: "form-field" },
    h("label", { for: id }, label),
    control,
    hint === undefined ? null : h("p", { class: "form-hint", id: `${id}-hint` }, hint),
  );
}

type Option = readonly [value: string, label: string];

export function choice(options: readonly Option[], chosen: string): HTMLSelectElement {
  const select = h("select", { class: "select" }, ...options.map(option));
  select.value = chosen;
  return select;
}

export function option([value, label]: Option): HTMLOptionElement {
  return h("option", { value }, label);
}
