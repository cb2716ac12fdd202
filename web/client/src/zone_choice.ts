import { choice } from "./form_field";

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every zone that the browser knows. The first stands for none, if it is given in words. */
export function zoneChoice(chosen: string | null, none?: string): HTMLSelectElement {
  const zones = new Set(["UTC", ownZone(), ...Intl.supportedValuesOf("timeZone")]);
  if (chosen !== null) zones.add(chosen);
  const options = [...zones].sort().map((zone) => [zone, zoneWords(zone)] as const);
  return choice([...(none === undefined ? [] : [["", none] as const]), ...options], chosen ?? "");
}

/** With its offset now: people look for the one or for the other. */
function zoneWords(zone: string): string {
  try {
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts();
    const offset = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    return `${zone.replaceAll("_", " ")} (${offset === "GMT" ? "UTC" : offset.replace("GMT", "UTC")})`;
  } catch {
    return zone;
  }
}
