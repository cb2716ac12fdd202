import { h } from "./dom";
import { field } from "./form_field";
import { shell } from "./navigation";
import { browserZone, dateWords, instantOf, isZone, zoneNames } from "./wall_clock";

/** In which the member reads times. */
export const ownZone = shell.member.time_zone ?? browserZone;

/** A zone of the IANA database, found by any part of its name. */
export function zoneInput(zone: string): HTMLInputElement {
  const names = h("datalist", { id: "zones" }, ...zoneNames().map((name) => h("option", { value: name })));
  document.getElementById("zones")?.remove();
  document.body.append(names);
  const input = h("input", { type: "text", value: zone, list: "zones", required: true, autocomplete: "off", spellcheck: "false" });
  const check = (): void => {
    input.setCustomValidity(isZone(input.value) ? "" : "Choose a zone from the list, such as Europe/Berlin.");
  };
  check();
  input.addEventListener("input", check);
  return input;
}

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
