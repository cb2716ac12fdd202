import type { Counts } from "./agenda";

const POLL_MS = 4_000;
const AGAIN_MS = 15_000;

/**
 * What changes on the dashboard, as the server tells it. While it does not, the list is asked for every few seconds.
 * Only of a page that is looked at: a browser has few connections to one server, and rooms need them.
 */
export class Feed {
  private source: EventSource | null = null;
  private poll = 0;
  private again = 0;

  /** `changes`: the events after which what is shown is out of date. */
  constructor(
    private readonly changes: readonly ("interviews" | "members")[],
    private readonly onChange: () => void,
    private readonly onCounts: (counts: Counts) => void = () => undefined,
  ) {
    document.addEventListener("visibilitychange", () => {
      this.turn();
    });
    this.turn();
  }

  private turn(): void {
    this.stop();
    if (document.visibilityState === "visible") this.start();
  }

  private start(): void {
    const source = new EventSource("/api/v1/events");
    this.source = source;
    this.setPolling(true);
    source.addEventListener("open", () => {
      this.setPolling(false);
      this.onChange();
    });
    source.addEventListener("counts", ({ data }: MessageEvent<string>) => {
      this.onCounts(JSON.parse(data) as Counts);
    });
    for (const change of this.changes) source.addEventListener(change, this.onChange);
    source.addEventListener("error", () => {
      this.setPolling(true);
      // The browser does not come back after a refusal.
      if (source.readyState === EventSource.CLOSED) this.again = window.setTimeout(() => { this.turn(); }, AGAIN_MS);
    });
  }

  private stop(): void {
    this.source?.close();
    this.setPolling(false);
    window.clearTimeout(this.again);
  }

  /** Attempts that fail more often than that do not put it off. */
  private setPolling(isPolling: boolean): void {
    if (isPolling === (this.poll !== 0)) return;
    window.clearInterval(this.poll);
    this.poll = isPolling ? window.setInterval(this.onChange, POLL_MS) : 0;
  }
}
