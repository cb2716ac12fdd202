import { h } from "./dom";
import { field } from "./form_field";
import { ownZone } from "./moment";
import { dateWords, instantOf, isZone } from "./wall_clock";

export function startInput(local: string): HTMLInputElement {
  return h("input", { type: "datetime-local", value: local, min: "2000-01-01T00:00", max: "2999-12-31T23:59" });
}

/** Says what a time is in UTC, and for the reader, where his clock shows another. */
export function startField(label: string, start: HTMLInputElement, zone: HTMLInputElement): HTMLElement {
  const element = field(label, start, "");
  const hint = element.querySelector(".form-hint");
  const show = (): void => {
    hint?.replaceChildren(startWords(start.value, zone.value));
  };
  start.addEventListener("input", show);
  zone.addEventListener("input", show);
  show();
  return element;
}

function startWords(local: string, zone: string): string {
  if (local === "") return "No time is set.";
  if (!isZone(zone)) return "";
  const at_ms = instantOf(local, zone);
  const utc = `${dateWords(at_ms, "UTC")} UTC`;
  const own = dateWords(at_ms, ownZone);
  return own === dateWords(at_ms, zone) ? utc : `${own} for you · ${utc}`;
}
