import { h } from "./dom";
import { shell } from "./navigation";
import { browserZone } from "./wall_clock";

/** In which the member reads times. */
export const ownZone = shell.member.time_zone ?? browserZone;

/** Short where it is read, whole where one points at it: by the member's clock. */
export function moment(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  const day = words(date, { day: "numeric", month: "short", year: "numeric" });
  const today = words(new Date(), { day: "numeric", month: "short", year: "numeric" }) === day;
  const clock = words(date, { hour: "2-digit", minute: "2-digit" });
  return h("time", { datetime: iso, title: whole(date) }, today ? `Today, ${clock}` : day);
}

/** To the second and with the zone, for a log. */
export function exactMoment(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  return h("time", { datetime: iso, title: whole(date) }, words(date, { dateStyle: "medium", timeStyle: "long" }));
}

function whole(date: Date): string {
  return words(date, { dateStyle: "full", timeStyle: "long" });
}

function words(date: Date, options: Intl.DateTimeFormatOptions): string {
  return date.toLocaleString(undefined, { ...options, timeZone: ownZone });
}
