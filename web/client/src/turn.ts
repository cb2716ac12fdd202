const WITHIN_MS = 60_000;

/** Something that is asked for again and again: one at a time, and after refusals only so often within a minute. */
export class Turn {
  private isRunning = false;
  /** Something has changed while it was being asked for. */
  private again = false;
  private refusals: number[] = [];

  constructor(
    private readonly attempt: () => Promise<void>,
    private readonly most: number,
    private readonly onTooMany: () => void,
  ) {}

  /** A decision is somebody's, and explains the refusals before it: they do not count. */
  async after(cause: "refusal" | "change" | "decision"): Promise<void> {
    if (cause === "decision") this.refusals = [];
    if (this.isRunning) {
      this.again ||= cause !== "refusal";
      return;
    }
    const now = performance.now();
    this.refusals = this.refusals.filter((at) => now - at < WITHIN_MS);
    if (cause === "refusal") this.refusals.push(now);
    if (this.refusals.length > this.most) {
      this.onTooMany();
      return;
    }
    this.isRunning = true;
    await this.attempt();
    this.isRunning = false;
    if (!this.again) return;
    this.again = false;
    await this.after("change");
  }
}
