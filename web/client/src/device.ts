import type { Device } from "./room_events";

const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

/** Which browser it is, as far as that can be told from outside: "Firefox on Android, since 14:02". */
export function deviceWords({ browser, since_ms }: Omit<Device, "id">, now = new Date()): string {
  const since = new Date(since_ms);
  const isToday = since.toDateString() === now.toDateString();
  const format = new Intl.DateTimeFormat("en-GB", isToday ? TIME : { day: "numeric", month: "short", ...TIME });
  return `${browserWords(browser)}, since ${format.format(since)}`;
}

export function browserWords(browser: string): string {
  return browser === "" ? "Unknown browser" : browser;
}
