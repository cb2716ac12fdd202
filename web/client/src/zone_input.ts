import { h } from "./dom";
import { isZone, zoneNames } from "./wall_clock";

const names = h("datalist", { id: "zones" });

/** A zone of the IANA database, found by any part of its name or by its offset. Empty it stands for `none`, in words. */
export function zoneInput(zone: string, none?: string): HTMLInputElement {
  const input = h("input", {
    type: "text",
    value: zone,
    list: names.id,
    placeholder: none ?? "",
    required: none === undefined,
    autocomplete: "off",
    spellcheck: "false",
  });
  const check = (): void => {
    const isFine = isZone(input.value) || (none !== undefined && input.value === "");
    input.setCustomValidity(isFine ? "" : "Choose a zone from the list, such as Europe/Berlin.");
  };
  check();
  input.addEventListener("input", check);
  input.addEventListener("focus", propose);
  return input;
}

/** All of them take a while: not before somebody looks for one. */
function propose(): void {
  if (names.isConnected) return;
  names.append(...zoneNames().map((zone) => h("option", { value: zone, label: offsetWords(zone) })));
  document.body.append(names);
}

function offsetWords(zone: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts();
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return offset.replace("GMT", "UTC");
}
