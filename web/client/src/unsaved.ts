export type SavedState =
  | { kind: "saved" }
  /** `since`: when the oldest frame that is not acknowledged was sent. */
  | { kind: "saving"; changes: number; since: number }
  | { kind: "offline"; changes: number };

/**
 * Counts what the server has not yet said to be durable: changes made while no connection was in step, and the frames
 * of this connection that are not acknowledged. A connection that ends gives its changes back.
 */
export class Unsaved {
  private kept = 0;
  private sent: { changes: number; at: number }[] = [];
  private acknowledged = 0;
  private inStep = false;

  constructor(
    private readonly now: () => number,
    private readonly onChange: (state: SavedState) => void,
  ) {}

  get state(): SavedState {
    const changes = this.kept + this.sentChanges();
    const [oldest] = this.sent;
    if (!this.inStep) return changes === 0 ? { kind: "saved" } : { kind: "offline", changes };
    return oldest === undefined ? { kind: "saved" } : { kind: "saving", changes, since: oldest.at };
  }

  /** A change that no frame carries yet. */
  keep(): void {
    this.kept += 1;
    this.onChange(this.state);
  }

  /** A frame with one change. */
  send(): void {
    this.sent.push({ changes: 1, at: this.now() });
    this.onChange(this.state);
  }

  /** A step 2, which carries every change kept so far. */
  sendAll(): void {
    this.inStep = true;
    this.sent.push({ changes: this.kept, at: this.now() });
    this.kept = 0;
    this.onChange(this.state);
  }

  /** `count`: how many frames of this connection are durable, from the first. */
  acknowledge(count: number): void {
    this.sent.splice(0, count - this.acknowledged);
    this.acknowledged = Math.max(this.acknowledged, count);
    this.onChange(this.state);
  }

  disconnected(): void {
    this.kept += this.sentChanges();
    this.sent = [];
    this.acknowledged = 0;
    this.inStep = false;
    this.onChange(this.state);
  }

  private sentChanges(): number {
    return this.sent.reduce((sum, frame) => sum + frame.changes, 0);
  }
}
