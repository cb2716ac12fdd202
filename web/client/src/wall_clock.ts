/** Wall clocks of the zones of the IANA database. A local time is as in `<input type="datetime-local">`. */
const DAY_MS = 24 * 3_600_000;

export const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function zoneNames(): string[] {
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
}

/** An offset like +01:00 is none: it knows no summer. */
export function isZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export function localOf(at_ms: number, zone: string): string {
  return new Date(at_ms + offsetMs(at_ms, zone)).toISOString().slice(0, 16);
}

/** Of a time that comes twice in a night, the first; one that is left out is read by the clock before the change. */
export function instantOf(local: string, zone: string): number {
  const read_ms = Date.parse(`${local}Z`);
  const before_ms = offsetMs(read_ms - DAY_MS, zone);
  const after_ms = offsetMs(read_ms + DAY_MS, zone);
  const first_ms = read_ms - before_ms;
  const isBefore = offsetMs(first_ms, zone) === before_ms;
  const isAfter = offsetMs(read_ms - after_ms, zone) === after_ms;
  return isBefore || !isAfter ? first_ms : read_ms - after_ms;
}

/** As in "Tue, 3 Mar 2031, 10:00", in the reader's language. */
export function dateWords(at_ms: number, zone: string): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  };
  return new Date(at_ms).toLocaleString(undefined, options);
}

function offsetMs(at_ms: number, zone: string): number {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of clock(zone).formatToParts(at_ms)) part[type] = Number(value);
  const { year = 0, month = 1, day, hour, minute, second } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at_ms / 1000) * 1000;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  let found = clocks.get(zone);
  if (found === undefined) {
    const two = "2-digit" as const;
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
    clocks.set(zone, found);
  }
  return found;
}
