/** What a link to a moment says: `?t=<ms>` or `?t=12:34`, and `&file=<id>`. */
export interface Moment {
  at_ms: number | null;
  file: string | null;
}

const SETTLED_MS = 300;
const PASSING_MS = 2_000;
const LONGEST_MS = 0xffffffff;

/** What cannot be read is as if it were not there. */
export function readMoment(search: string): Moment {
  const query = new URLSearchParams(search);
  return { at_ms: readTime(query.get("t") ?? ""), file: query.get("file") };
}

function readTime(text: string): number | null {
  const at_ms = /^\d{1,10}$/.test(text) ? Number(text) : readClock(text);
  return at_ms === null || at_ms > LONGEST_MS ? null : at_ms;
}

function readClock(text: string): number | null {
  const parts = /^(?:(\d{1,3}):(?=\d\d:))?(\d{1,4}):([0-5]\d)$/.exec(text);
  if (parts === null) return null;
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number((part as string | undefined) ?? 0));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}

export function momentUrl(href: string, at_ms: number, file: string | null): string {
  const url = new URL(href);
  url.searchParams.set("t", String(Math.round(at_ms)));
  if (file === null) url.searchParams.delete("file");
  else url.searchParams.set("file", file);
  return url.href;
}

/** Keeps the page's own address at the moment shown, once it has settled: browsers allow few changes a second. */
export class MomentAddress {
  private timer = 0;
  private nextAt = 0;

  keep(at_ms: number, file: string | null): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.write(at_ms, file);
    }, SETTLED_MS);
  }

  /** While it plays, which does not settle. */
  keepPassing(at_ms: number, file: string | null): void {
    window.clearTimeout(this.timer);
    if (performance.now() >= this.nextAt) this.write(at_ms, file);
  }

  private write(at_ms: number, file: string | null): void {
    this.nextAt = performance.now() + PASSING_MS;
    window.history.replaceState(window.history.state, "", momentUrl(window.location.href, at_ms, file));
  }
}
