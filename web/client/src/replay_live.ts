import { Problem } from "./api";

const SOON_MS = 1_000;
/** While nobody looks, and once the interview is finished but can be reopened. */
const LATER_MS = 10_000;
const LONGEST_MS = 30_000;

/** Asks for what has come since, again and again; less often while nobody looks, and after failures. */
export class LiveFeed {
  private timer = 0;
  private failures = 0;
  private isAsking = false;
  private stopped = false;

  /**
   * `ask` resolves when it has taken in what has come, to how soon there can be more. `onLost`: with each change.
   * `onEnd`: there is no use in asking again.
   */
  constructor(
    private readonly ask: () => Promise<"soon" | "later" | "never">,
    private readonly onLost: (isLost: boolean) => void,
    private readonly onEnd: (error: unknown) => void,
  ) {
    document.addEventListener("visibilitychange", this.onVisibility);
    window.addEventListener("online", this.onVisibility);
    this.later(SOON_MS);
  }

  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
    window.removeEventListener("online", this.onVisibility);
  }

  private readonly onVisibility = (): void => {
    if (document.visibilityState !== "visible" || this.isAsking) return;
    window.clearTimeout(this.timer);
    void this.poll();
  };

  private later(wait_ms: number): void {
    if (this.stopped) return;
    this.timer = window.setTimeout(() => {
      void this.poll();
    }, wait_ms);
  }

  private async poll(): Promise<void> {
    this.isAsking = true;
    const usual = document.visibilityState === "visible" ? SOON_MS : LATER_MS;
    let wait_ms = usual;
    try {
      const next = await this.ask();
      if (this.failures > 0) this.onLost(false);
      this.failures = 0;
      if (next === "never") this.stop();
      if (next === "later") wait_ms = LATER_MS;
    } catch (error) {
      if (!isPassing(error)) {
        this.stop();
        this.onEnd(error);
        return;
      }
      if (this.failures === 0) console.warn(error);
      this.failures += 1;
      this.onLost(true);
      wait_ms = Math.min(LONGEST_MS, usual * 2 ** this.failures);
    }
    this.isAsking = false;
    this.later(wait_ms);
  }
}

/** The connection, or what the server gets over. */
function isPassing(error: unknown): boolean {
  return error instanceof Problem && ![401, 403, 404].includes(error.status);
}
