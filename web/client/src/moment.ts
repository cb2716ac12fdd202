import { h } from "./dom";

/** Short where it is read, whole where one points at it. */
export function moment(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const clock = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const day = date.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  return h("time", { datetime: iso, title: date.toLocaleString() }, today ? `Today, ${clock}` : day);
}

/** To the second, for a log. */
export function exactMoment(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  const words = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: iso, title: date.toISOString() }, words);
}
